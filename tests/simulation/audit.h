#pragma once

// What must be so of a log, whatever happened: checked by rules of its own, which share nothing
// with decide() and evolve() of the product but the types.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schema/messages/event_codec.h"
#include "tests/simulation/broker_streams.h"
#include "tests/simulation/life_plan.h"
#include "tests/simulation/outage_watch.h"
#include "tests/simulation/pool_watch.h"
#include "tests/simulation/record.h"
#include "tests/simulation/tables.h"

namespace vsim::simulation {

/// Follows EVENTS from its beginning, as do the checks of `vsimctl verify`.
class Audit {
 public:
  Audit();
  ~Audit();
  Audit(const Audit&) = delete;
  Audit& operator=(const Audit&) = delete;

  /// Reads what is new; gives the first fault, as a sentence. `commands` is the queue, of now.
  const std::optional<std::string>& read_on(const Stream& events, const Stream& commands);

  /// At rest: each given command has its outcome, and what was told is what the log says. Of those
  /// in `unrecorded` nothing was left anywhere; those in `undone` had outcomes that the log has
  /// lost.
  std::optional<std::string> check_answers(const std::vector<std::unique_ptr<Given>>& given,
                                           const Stream& dead_letters,
                                           const std::set<CommandId>& unrecorded,
                                           const std::set<CommandId>& undone) const;
  /// At rest: a letter is of a command that nobody could carry out, and that was delivered often
  /// enough (D48), or cannot be read.
  std::optional<std::string> check_letters(const Stream& dead_letters,
                                           const std::set<CommandId>& undone) const;
  /// The commands with a verdict of a purge.
  std::vector<CommandId> purged() const;
  /// At rest: every address that is claimed has a claimant with a fate.
  std::optional<std::string> check_claims() const;
  /// The rows are those of the log up to their checkpoint.
  static std::optional<std::string> check_rows(const Stream& events, const Tables& tables);

  /// What an API must show of a server as of that time of the past: its version.
  struct Past {
    ServerId server;
    Instant at;
    Version version = 0;
    Status status{};
  };
  /// One of them for each number.
  std::optional<Past> past(std::uint64_t number) const;
  /// What should have happened by that time, as a sentence; empty: nothing.
  std::string overdue(Instant now, Duration billing_interval) const;

  /// Which warm pool should hold more, where no incident is in the way; empty: none.
  std::string unfilled_pool() const;

  std::size_t free_addresses(const Region& region) const;

 private:
  struct OutcomeSeen {
    OutcomeKind kind{};
    StreamSequence command = 0;
    StreamSequence event = 0;
    Version version = 0;
    std::string named = {};  // the account that its event names
    std::string owner = {};  // whose the server was then
  };
  /// A server, folded by the rules of this file.
  struct Life {
    Version version = 0;
    Instant at{};
    std::optional<Status> status;
    LifePlan plan;
    std::optional<Version> impaired_by;  // the incident of its region
    StreamSequence place = 0;            // of its last event
    std::optional<Ipv4> ip;
    Region region;
    std::string account;
    std::optional<CommandId> created_by;
    Terms terms;
    std::string type;
    std::chrono::seconds billed{0};
    std::optional<Instant> billed_since;
    StreamSequence last_succeeded = 0;
    std::vector<Past> history;
  };
  struct Move {
    bool allowed = false;
    Status to{};
  };
  struct Claim {
    ServerId server;
    StreamSequence sequence = 0;
  };

  struct Verify;
  void read(const messages::LoggedEvent& logged);
  void read_pool(const PoolEvent& event);
  void read_region(const RegionEvent& event);
  void read_clock(const ClockEvent& event);
  void read_faults(const messages::FaultsLogged& logged);
  void read_watermark(const BillingWatermark& billed);
  void read_server(const messages::ServerLogged& logged);
  void read_outcome(const Cause& cause, OutcomeKind kind, StreamSequence event, Version version);
  /// What an outage of its region does to it next.
  std::optional<OutageWatch::Touch> touch_of(const Life& life) const;
  void check_time(const Life& life, const Event& event);
  void check_lease(const Life& life, const Event& event);
  void check_incident(const Life& life, const Event& event);
  void check_address(Life& life, const Event& event);
  std::optional<std::string> check_account(const Given& given) const;
  std::optional<std::string> check_sender(const Given& given) const;
  void move_bill(Life& life, Status to, Instant at);
  static Move move_of(const Life& life, const Event& event);
  static bool is_next(const Life& life, Turn turn);
  static bool fits(const ServerTerminated& ended, const Life& life, const Event& event);
  void fail(const std::string& what);

  std::unique_ptr<Verify> verify_;
  std::optional<std::string> fault_;
  StreamSequence reading_ = 0;
  std::map<ServerId, Life> lives_;
  std::map<std::pair<Region, Ipv4>, ServerId> holders_;
  std::map<std::pair<Region, Ipv4>, Claim> claims_;
  std::optional<std::pair<std::pair<Region, Ipv4>, ServerId>> claim_to_come_;
  std::map<Region, std::set<Ipv4>> pools_;
  std::map<CommandId, std::vector<OutcomeSeen>> outcomes_;
  std::map<Region, Version> watermark_versions_;
  std::map<Region, Instant> watermarks_;
  std::map<Region, Version> pool_versions_;
  std::map<Region, Version> region_versions_;
  OutageWatch outages_;
  PoolWatch warm_pools_;
  StreamSequence commands_end_ = 0;
  Version clock_version_ = 0;
  Version faults_version_ = 0;
  std::vector<FaultRule> fault_rules_;  // that were set last
  Instant applied_{};
};

}  // namespace vsim::simulation
