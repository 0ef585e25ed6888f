#pragma once

// The streams that are open. One thread sends to all of them, by epoll; one follows the log and one
// reads it for those behind. No client costs a thread or a query. D77

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "api/events/catch_up.h"
#include "api/events/event_feed.h"
#include "api/events/event_window.h"
#include "api/events/stream_client.h"
#include "ops/telemetry/metrics.h"

namespace vsim::api {

/// How long nothing is sent at most; then a comment says that the stream is alive.
inline constexpr std::chrono::seconds stream_silence_seconds_max{10};

/// Any thread.
class EventStreams {
 public:
  /// All outlive it. `streams_max`: open at once.
  EventStreams(eventstore::EventStore& events, read_model::ConnectionPool& pool,
               std::size_t streams_max, telemetry::Metrics& metrics);
  /// As stop().
  ~EventStreams();
  EventStreams(const EventStreams&) = delete;
  EventStreams& operator=(const EventStreams&) = delete;

  using TakeOver = std::function<void(OpenConnection&&)>;
  /// What opens the stream on a connection to which the head of its answer has been sent; nothing
  /// when as many as allowed are open. Holds the place for as long as it lives.
  std::optional<TakeOver> admit(StreamRequest request);

  /// Closes all streams and sends no more; streams that are admitted later are not opened.
  void stop();

  std::size_t streams_max() const { return streams_max_; }

 private:
  using Task = std::function<void()>;
  using ClientId = std::uint64_t;
  using Clients = std::unordered_map<ClientId, StreamClient>;
  enum class Cut { gone, slow, key, replaced };

  // From any thread:
  void post(Task task);
  /// Waits while many tasks wait already: events must not pile up before the sending thread.
  void post_in_turn(Task task);

  // On the sending thread:
  void run();
  void wait_for_events();
  void run_tasks();
  void open(OpenConnection&& connection, StreamRequest&& request,
            const std::shared_ptr<void>& room);
  void begin(StreamSequence place);
  void spread(const std::vector<SharedEvent>& events);
  void take_page(const CatchUp::Page& page);
  void hear(ClientId id, std::uint32_t events);
  bool advance(ClientId id, StreamClient& client);
  bool fill(ClientId id, StreamClient& client);
  void settle(StreamClient& client);
  void push(StreamClient& client, SharedBlock block);
  void look_after_all();
  void close(ClientId id, Cut why);

  const std::size_t streams_max_;
  telemetry::Counter sent_;
  telemetry::Counter refused_;
  std::map<Cut, telemetry::Counter> cut_;
  std::atomic<std::size_t> open_{0};
  process::Descriptor epoll_;
  process::Descriptor wake_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable taken_;
  std::vector<Task> tasks_;  // guarded by the mutex
  // Of the sending thread only:
  EventWindow window_;
  Clients clients_;
  ClientId next_id_ = 1;
  std::chrono::steady_clock::time_point looked_after_at_;
  // These call post(), and end first.
  EventFeed feed_;
  CatchUp catch_up_;
  std::thread thread_;
};

}  // namespace vsim::api
