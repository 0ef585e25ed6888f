#include "eventstore/event_store.h"

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

}  // namespace vsim::eventstore
