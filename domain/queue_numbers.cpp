#include "domain/queue_numbers.h"

namespace vsim {

std::optional<std::string> fault_of(const QueueNumbers& numbers) {
  const auto fault = [&](const std::string& what) {
    return "the numbers of the queue are broken: COMMANDS ends at " + std::to_string(numbers.last) +
           ", " + what + "; ops/runbook.md, Queue numbers broken, says how to make it anew";
  };
  // The next command would get the number behind the last.
  if (numbers.last >= queue_numbers_broken - 1) {
    return fault("to which it cannot have come by itself (was it purged beyond its end?): from " +
                 std::to_string(queue_numbers_end) + " on no command is carried out");
  }
  if (numbers.last < numbers.known) {
    return fault("below " + std::to_string(numbers.known) +
                 ", which the log knows (was its store lost?): new commands look old");
  }
  if (numbers.last < numbers.delivered) {
    return fault("and its consumer is at " + std::to_string(numbers.delivered) +
                 ", beyond it: new commands are passed over");
  }
  return std::nullopt;
}

}  // namespace vsim
