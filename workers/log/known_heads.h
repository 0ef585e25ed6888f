#pragma once

// The least sequence that each subject of the log must end with, as far as this process and the
// read models know. A broker whose disk was changed leaves out what fails its checksum, and gives
// an older message for the last, or none: no decision may be made on that. D49

#include <atomic>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/read_model/log_identity.h"
#include "schema/read_model/server_events.h"

namespace vsim::workers {

/// Thread-safe.
class KnownHeads {
 public:
  /// Asks the read models; blocks for as long as they take.
  using ReadNewest =
      std::function<read_model::DbResult<read_model::NewestEvents>(std::span<const ServerId>)>;

  explicit KnownHeads(ReadNewest read_newest) : read_newest_(std::move(read_newest)) {}

  /// Whether the read models answer: while they do not, they are not asked.
  void models_answer(bool they_do) { models_answer_ = they_do; }

  /// A message that is in the log.
  void record(std::string_view subject, StreamSequence sequence);
  void record(const read_model::LogMarks& marks);

  /// The place of the newest known message under each filter, in their order; 0: none is known. Of
  /// a server that this process has not seen yet the read models are asked, once.
  std::vector<StreamSequence> of(std::span<const std::string> filters);
  /// The same of one filter, without asking.
  StreamSequence remembered(std::string_view filter) const;

  /// For a log that took the place of the one that was known.
  void forget();

 private:
  /// Of servers, the newest of a generation and the one before: what was not asked for since is
  /// forgotten, and the read models know it by then.
  using Places = std::unordered_map<ServerId, StreamSequence>;
  StreamSequence* find(const ServerId& server) const;
  void raise(const ServerId& server, StreamSequence sequence);
  void ask_models(std::span<const ServerId> servers);

  ReadNewest read_newest_;
  std::atomic<bool> models_answer_ = false;
  mutable std::mutex mutex_;
  mutable Places servers_;
  mutable Places servers_before_;
  std::unordered_map<std::string, StreamSequence> others_;  // clock, pools, billing: few
};

}  // namespace vsim::workers
