#pragma once

// Callers of the API, and operators with the nats CLI.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/catalogue.h"
#include "domain/warm_pool.h"
#include "tests/simulation/processes.h"
#include "tests/simulation/record.h"
#include "tests/simulation/workload.h"
#include "tests/simulation/world.h"

namespace vsim::simulation {

class Clients {
 public:
  /// `api` gives the API process that lives now. All outlive it.
  Clients(World& world, const Catalogue& catalogue, std::function<const ApiLife&()> api,
          std::size_t servers);

  /// Starts a task for each client, which carries out its part of the plan.
  void start(const std::vector<PlannedCommand>& plan, std::size_t clients);
  /// Ends those that are not done.
  void end();
  bool done() const { return !world_.machine.has_tasks(process_); }

  /// One create, until it has an outcome. For the examination at the end.
  std::optional<Told> create_now(const Region& region);

  /// Drains all warm pools; false where nobody answers.
  bool drain_now();

  /// Lifts the region's incident, if there is one; false where nobody answers.
  bool lift_now(const Region& region);

  const std::vector<std::unique_ptr<Given>>& given() const { return given_; }

 private:
  void carry_out_all(const std::vector<PlannedCommand>& commands, Time begin);
  void carry_out(const PlannedCommand& planned);
  void send(const PlannedCommand& planned, const api::Write& write, Given& given);
  void ask(const api::Write& write, bool waits, Given& given);
  void hear(const api::Reply<api::WriteResult>& answer, Given& given);
  void type_by_hand(const PlannedCommand& planned);
  void type_poison(const PlannedCommand& planned);
  void type_create_again(const PlannedCommand& planned);
  void type_half_create(const PlannedCommand& planned);
  void type_for_fleet(const PlannedCommand& planned);
  void type_for_pool(const PlannedCommand& planned);
  void copy_from_journal(const PlannedCommand& planned);
  void publish(const std::string& subject, const std::string& payload,
               const eventstore::Headers& headers, Given& given);
  std::optional<api::Write> make_write(const PlannedCommand& planned);
  api::Write make_faults(const PlannedCommand& planned);
  api::Write make_warm_pool_write(const WarmPoolId& pool, const WarmPoolAction& action);
  std::optional<api::Write> make_acquire(const PlannedCommand& planned);
  WarmPoolTerms terms_of(const PlannedCommand& planned, const WarmPoolId& pool) const;
  api::Write make_region_write(const Region& region, const RegionAction& action);
  api::Write make_create(const PlannedCommand& planned, const Region& region);
  Given& note_given(CommandId id, std::string kind, std::optional<ServerId> server);
  Region region_of(const PlannedCommand& planned) const;
  CommandId new_id();

  struct Slot {
    std::optional<ServerId> server;
    Region region;
    std::string account;
    Version version = 0;
  };

  World& world_;
  const Catalogue& catalogue_;
  std::function<const ApiLife&()> api_;
  std::shared_ptr<Process> process_;
  std::unique_ptr<eventstore::Broker> broker_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<Given>> given_;
};

}  // namespace vsim::simulation
