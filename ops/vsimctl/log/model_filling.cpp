#include "ops/vsimctl/log/model_filling.h"

#include <fmt/format.h>

#include "schema/messages/sha256.h"

namespace vsim::vsimctl {
namespace {

read_model::Checkpoint checkpoint_at(const LogChunk& chunk) {
  return {chunk.entries.back().sequence, messages::sha256_hex(chunk.last_payload), 0};
}

}  // namespace

tl::expected<void, std::string> ModelFilling::add(LogChunk& chunk,
                                                  read_model::ProjectionBatch& batch) {
  for (LogChunk::Entry& entry : chunk.entries) {
    if (look_) {
      if (auto seen = look_(entry); !seen) {
        return seen;
      }
    }
    const std::string unknown = batch.add(std::move(entry.logged), entry.sequence);
    if (!unknown.empty()) {
      return tl::unexpected(
          fmt::format("message {} of EVENTS: {}; use a newer vsimctl", entry.sequence, unknown));
    }
  }
  return {};
}

tl::expected<void, std::string> ModelFilling::load(StreamSequence through, Progress& progress) {
  LogReader reader(settings_, events_, 0, through);
  read_model::ProjectionBatch batch;
  LogChunk last;
  while (true) {
    auto chunk = reader.next();
    if (!chunk) {
      return tl::unexpected(chunk.error());
    }
    if (chunk->entries.empty()) {
      break;
    }
    if (auto added = add(*chunk, batch); !added) {
      return added;
    }
    if (auto loaded = model_.load(batch); !loaded) {
      return tl::unexpected(explain(settings_, loaded.error()));
    }
    progress.show(chunk->entries.back().sequence);
    last = std::move(*chunk);
  }
  const auto at = last.entries.empty() ? read_model::Checkpoint{} : checkpoint_at(last);
  if (auto finished = model_.finish_load(std::move(batch), at); !finished) {
    return tl::unexpected(explain(settings_, finished.error()));
  }
  return {};
}

tl::expected<void, std::string> ModelFilling::catch_up(StreamSequence through) {
  if (model_.checkpoint().sequence >= through) {
    return {};
  }
  LogReader reader(settings_, events_, model_.checkpoint().sequence, through);
  while (true) {
    auto chunk = reader.next();
    if (!chunk) {
      return tl::unexpected(chunk.error());
    }
    if (chunk->entries.empty()) {
      return {};
    }
    read_model::ProjectionBatch batch;
    if (auto added = add(*chunk, batch); !added) {
      return added;
    }
    if (auto applied = model_.apply(std::move(batch), checkpoint_at(*chunk)); !applied) {
      return tl::unexpected(explain(settings_, applied.error()));
    }
  }
}

}  // namespace vsim::vsimctl
