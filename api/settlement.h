#pragma once

// When an operation has settled: not its outcome, but the end of the transition that it began, or
// of all that an advance of the clock made due.

#include "api/log_side.h"
#include "schema/read_model/operations.h"

namespace vsim::api {

/// Any thread.
class Settlement {
 public:
  /// Both outlive it.
  Settlement(ReadSide& read_side, LogSide& log_side) : read_side_(read_side), log_side_(log_side) {}

  /// Nothing while the operation has not settled, or that cannot be read yet. Once given it stays.
  Reply<std::optional<read_model::Settled>> find(const read_model::OperationRow& operation);

 private:
  using Found = std::optional<read_model::Settled>;
  Reply<Found> find_of_clock(const read_model::OperationRow& operation);

  ReadSide& read_side_;
  LogSide& log_side_;
};

}  // namespace vsim::api
