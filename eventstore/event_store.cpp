#include "eventstore/event_store.h"

#include <map>

namespace vsim::eventstore {

std::vector<Result<Sequence>> EventStore::append_each(std::span<const Append> messages) {
  std::vector<Chain> chains;
  for (const auto& message : messages) {
    chains.emplace_back(&message, 1);
  }
  std::vector<Result<Sequence>> results;
  for (auto& end : append_chains(chains)) {
    results.push_back(end.error ? Result<Sequence>(tl::unexpected(std::move(*end.error)))
                                : Result<Sequence>(end.last));
  }
  return results;
}

Result<std::vector<Message>> EventStore::load_page(const std::string& filter, Sequence from,
                                                   std::size_t max) {
  std::vector<Message> page;
  while (page.size() < max) {
    auto next = load_next(filter, from);
    if (!next) {
      return tl::unexpected(next.error());
    }
    if (!*next) {
      break;
    }
    from = (*next)->sequence + 1;
    page.push_back(std::move(**next));
  }
  return page;
}

Result<std::vector<Message>> EventStore::load_last_until(const std::string& filter, Sequence end) {
  auto history = load_history(filter);
  if (!history) {
    return history;
  }
  std::map<std::string, Message> last;
  for (auto& message : *history) {
    if (message.sequence <= end) {
      last.insert_or_assign(message.subject, std::move(message));
    }
  }
  std::vector<Message> found;
  for (auto& [subject, message] : last) {
    found.push_back(std::move(message));
  }
  return found;
}

}  // namespace vsim::eventstore
