#pragma once

// One client's stream: what it wants, where it stands, and what it has not taken yet.

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "api/connections/open_connection.h"
#include "api/events/event_block.h"

namespace vsim::api {

/// What may wait for a client, and how long it may take nothing of it, before it is cut.
inline constexpr std::size_t unsent_bytes_max = 1024 * 1024;
inline constexpr std::chrono::seconds taking_nothing_seconds_max{15};
/// How long a client may take nothing once it has so much waiting.
inline constexpr std::chrono::seconds full_seconds_max{1};

/// What a stream is opened with.
struct StreamRequest {
  EventFilter filter;
  std::optional<StreamSequence> after;  // none: from when the stream can first be followed
  bool tells_place = false;             // for who has not named a place: as soon as it is known
  std::function<bool()> may_go_on;      // whether the client's key still holds; must not block
};

/// Not thread-safe.
class StreamClient {
 public:
  using Time = std::chrono::steady_clock::time_point;

  StreamClient(OpenConnection connection, StreamRequest request, std::shared_ptr<void> room);

  /// Puts a block behind those that wait.
  void push(SharedBlock block);

  /// Sends what can be sent without waiting. False when the client is gone.
  bool flush();

  /// Takes and drops what the client sends. False when it has ended its side.
  bool listen();

  std::size_t unsent() const { return unsent_bytes_; }
  bool is_full() const { return unsent_bytes_ >= unsent_bytes_max; }
  /// Whether it takes too little to be kept.
  bool is_slow(Time now) const;
  /// When something was last sent to it, or it came.
  Time last_sent() const { return last_sent_; }
  int socket() const { return connection_.socket.number(); }

  const EventFilter filter;
  const std::function<bool()> may_go_on;
  std::optional<StreamSequence> place;  // all up to it has been looked at for it
  bool tells_place;                     // it is still to be told
  bool awaits_page = false;             // of the log, from whoever reads it for those behind

 private:
  OpenConnection connection_;
  std::shared_ptr<void> room_;  // counted as open for as long as it lives
  std::deque<SharedBlock> unsent_;
  std::size_t sent_of_first_ = 0;
  std::size_t unsent_bytes_ = 0;
  Time last_sent_;
};

}  // namespace vsim::api
