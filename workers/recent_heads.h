#pragma once

// The heads of servers that this process has lately written or followed. A decision on one saves
// the read before it: every append names the sequence that it was decided on, so where somebody
// else was faster a conflict says so. D72

#include <mutex>
#include <optional>
#include <unordered_map>

#include "workers/head.h"

namespace vsim::workers {

/// Thread-safe.
class RecentHeads {
 public:
  /// An event of the server stands there, with that state after it. Older news change nothing.
  void record(const ServerId& server, StreamSequence sequence, const State& after);

  std::optional<ServerHead> find(const ServerId& server) const;

  /// For a log that takes the place of the one that was known.
  void clear();

 private:
  using Heads = std::unordered_map<ServerId, ServerHead>;

  mutable std::mutex mutex_;
  // Two generations: what was not written since the last but one is forgotten.
  Heads newer_;
  Heads older_;
};

}  // namespace vsim::workers
