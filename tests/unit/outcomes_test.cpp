// Goal: an outcome is reported for the copy of a command that it belongs to. Method: places of
// copies against those of outcomes, also where the queue was made anew.

#include "api/outcomes.h"

#include <doctest/doctest.h>

#include "domain/queue_numbers.h"

using namespace vsim;
using namespace vsim::api;

namespace {

read_model::OperationRow operation_with(const std::string& status, StreamSequence place) {
  read_model::OperationRow operation;
  operation.status = status;
  operation.command_sequence = place;
  return operation;
}

}  // namespace

TEST_CASE("an outcome that left a command undone is that of its copy and earlier ones") {
  for (const std::string status : {"PURGED", "DEAD_LETTERED"}) {
    CAPTURE(status);
    CHECK(stands_for(operation_with(status, 7), 6));
    CHECK(stands_for(operation_with(status, 7), 7));
    CHECK_FALSE(stands_for(operation_with(status, 7), 8));
  }
  for (const std::string status : {"SUCCEEDED", "REJECTED"}) {
    CAPTURE(status);
    CHECK(stands_for(operation_with(status, 7), 8));
  }
  CHECK_FALSE(stands_for(operation_with("PENDING", 7), 7));
}

TEST_CASE("a copy in a queue that was made anew is later than one at a high place (issue 12, 18)") {
  const auto high = queue_numbers_high;
  const auto purged = [](StreamSequence place) { return operation_with("PURGED", place); };
  CHECK_FALSE(stands_for(purged(high), 5));
  CHECK_FALSE(stands_for(purged(high), high - 1));
  CHECK(stands_for(purged(high), high));
  CHECK_FALSE(stands_for(purged(high), high + 1));
  CHECK(stands_for(purged(high - 1), 5));  // no place that only a purge gives
  CHECK(is_later(5, purged(high)));
  CHECK_FALSE(is_later(5, purged(high - 1)));
  CHECK(stands_for(operation_with("SUCCEEDED", high), 5));
}
