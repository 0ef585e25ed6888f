#pragma once

// What became of commands: GET /operations.

#include <functional>

#include "api/settlement.h"
#include "eventstore/broker.h"
#include "schema/http/documents.h"
#include "schema/read_model/operations.h"

namespace vsim::api {

inline constexpr std::uint64_t operations_limit_default = 50;
inline constexpr std::uint64_t operations_limit_max = 200;

/// Any thread.
class Operations {
 public:
  /// All outlive it. `stopping` ends the waits.
  Operations(ReadSide& read_side, LogSide& log_side, eventstore::Broker& broker,
             std::function<bool()> stopping)
      : read_side_(read_side),
        log_side_(log_side),
        broker_(broker),
        settlement_(read_side, log_side),
        stopping_(std::move(stopping)) {}

  Answer list(const Call& call);  // GET /operations
  Answer get(const Call& call);   // GET /operations/{id}; waits when Prefer says so

 private:
  Reply<http::OperationView> view_of(const CommandId& id, const Scope& scope, bool until_settled);
  Reply<read_model::OperationRow> find_anywhere(const CommandId& id, const Scope& scope);
  read_model::OperationRow as_it_waits(read_model::OperationRow operation);
  Reply<std::optional<read_model::OperationRow>> find(const CommandId& id, const Scope& scope);
  Reply<std::optional<read_model::OperationRow>> find_unprojected(const CommandId& id,
                                                                  const Scope& scope);
  /// Whether the read models hold all that EVENTS and JOURNAL hold now.
  Reply<bool> holds_all_of_the_streams();
  Reply<std::optional<read_model::OperationRow>> find_in_queue(const CommandId& id,
                                                               const Scope& scope,
                                                               std::uint64_t queue_length);

  ReadSide& read_side_;
  LogSide& log_side_;
  eventstore::Broker& broker_;
  Settlement settlement_;
  std::function<bool()> stopping_;
};

}  // namespace vsim::api
