#include "eventstore/find_last.h"

#include <algorithm>

namespace vsim::eventstore {

Result<std::optional<Message>> find_last(EventStore& store, const std::string& filter,
                                         const std::function<bool(const Message&)>& early) {
  std::optional<Message> best;
  const auto last = store.load_last({&filter, 1});
  if (!last) {
    return tl::unexpected(last.error());
  }
  if (last->empty()) {
    return best;
  }
  // A filter with wildcards may give the last of several subjects.
  const auto newest =
      std::max_element(last->begin(), last->end(),
                       [](const Message& a, const Message& b) { return a.sequence < b.sequence; });
  if (early(*newest)) {
    return std::optional(*newest);
  }
  Sequence from = 1;  // what is early and later than `best` stands at or after it, ...
  Sequence until = newest->sequence;  // ... and before this
  while (from < until) {
    const Sequence middle = from + (until - from) / 2;
    auto next = store.load_next(filter, middle);
    if (!next) {
      return tl::unexpected(next.error());
    }
    if (*next && (*next)->sequence < until && early(**next)) {
      from = (*next)->sequence + 1;
      best = std::move(**next);
    } else {
      until = middle;
    }
  }
  return best;
}

}  // namespace vsim::eventstore
