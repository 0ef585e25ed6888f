#include "ops/vsimctl/log/deadline_fold.h"

#include <fmt/format.h>

#include "schema/messages/instant_text.h"

namespace vsim::vsimctl {

void DeadlineFold::changed(const ServerId& server, const State& before, const State& after,
                           StreamSequence sequence) {
  const auto was = due_of(before);
  const auto is = due_of(after);
  if (was == is) {
    return;
  }
  if (was) {
    open_.erase({*was, server});
  }
  if (is) {
    open_.emplace(std::pair(*is, server), sequence);
  }
}

tl::expected<void, std::string> DeadlineFold::applied(const DeadlinesApplied& applied) const {
  if (!applied.log_through) {
    return {};  // its build did not say of which part of the log
  }
  for (const auto& [deadline, since] : open_) {
    const auto& [due, server] = deadline;
    if (due > applied.through) {
      break;
    }
    if (since <= *applied.log_through) {
      return failed(fmt::format(
          "all that was due up to {} should stand before it, but nothing tells of what message {} "
          "set for server {} at {}",
          messages::format_instant(applied.through), since, server.to_string(),
          messages::format_instant(due)));
    }
  }
  return {};
}

}  // namespace vsim::vsimctl
