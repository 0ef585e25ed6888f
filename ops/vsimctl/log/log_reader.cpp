#include "ops/vsimctl/log/log_reader.h"

#include <fmt/format.h>

#include "eventstore/lost_message.h"
#include "schema/messages/subjects.h"

namespace vsim::vsimctl {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t chunk_events_max = 2000;
constexpr std::size_t chunks_ahead_max = 16;
constexpr auto message_wait = 10s;  // all that is asked for is there already

}  // namespace

LogReader::LogReader(const process::CommonSettings& settings, eventstore::EventStore& events,
                     eventstore::Sequence after, eventstore::Sequence through)
    : settings_(settings),
      events_(events),
      read_(after),
      through_(through),
      thread_([this](const std::stop_token& stop) { read(stop); }) {}

void LogReader::read(const std::stop_token& stop) {
  const auto follower = events_.follow(read_);
  while (read_ < through_ && !stop.stop_requested()) {
    auto chunk = read_some(*follower);
    const bool failed = !chunk;
    if (!hand_over(std::move(chunk), stop) || failed) {
      break;
    }
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

tl::expected<LogChunk, std::string> LogReader::read_some(eventstore::Follower& follower) {
  auto messages = follower.next(chunk_events_max, message_wait);
  if (!messages) {
    return tl::unexpected(explain(settings_, messages.error()));
  }
  if (messages->empty()) {
    return tl::unexpected(eventstore::lost_message(read_ + 1, messages::events_stream,
                                                   fmt::format("the log ends at {}", through_)));
  }
  LogChunk chunk;
  chunk.entries.reserve(messages->size());
  for (auto& message : *messages) {
    if (message.sequence > through_) {
      break;
    }
    auto logged = messages::decode_event(message);
    if (!logged) {
      return tl::unexpected(fmt::format("message {} of EVENTS, {}, cannot be read: {}",
                                        message.sequence, message.subject, logged.error()));
    }
    read_ = message.sequence;
    chunk.entries.push_back({message.sequence, message.stored_at, std::move(*logged)});
    chunk.last_payload = std::move(message.payload);
  }
  return chunk;
}

bool LogReader::hand_over(tl::expected<LogChunk, std::string> chunk, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [&] { return chunks_.size() < chunks_ahead_max; })) {
    return false;
  }
  chunks_.push_back(std::move(chunk));
  changed_.notify_all();
  return true;
}

tl::expected<LogChunk, std::string> LogReader::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_ || !chunks_.empty(); });
  if (chunks_.empty()) {
    return LogChunk{};
  }
  auto chunk = std::move(chunks_.front());
  chunks_.pop_front();
  changed_.notify_all();
  return chunk;
}

}  // namespace vsim::vsimctl
