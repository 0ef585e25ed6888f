#pragma once

// A standing pull on a JetStream consumer, in raw requests: nats.c 3.4's own Fetch writes past its
// buffer when messages of an earlier fetch are queued. Keeps enough requests open that a message is
// delivered as soon as it is stored, and asks anew when a request ends, heartbeats stay away or the
// connection was lost. D12

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/broker.h"
#include "eventstore/message.h"

namespace vsim::eventstore {

/// One delivered message, with what its ack subject tells.
struct Pulled {
  Message message;
  std::uint64_t deliveries = 1;
  std::uint64_t consumer_sequence = 0;
  std::string reply_to;
};

/// Belongs to one thread.
class PullSubscription {
 public:
  /// `window`: messages asked for ahead.
  PullSubscription(Broker& broker, std::string stream, std::string consumer, std::size_t window);

  /// What has come, `max` at most; waits for the first one. An error says that the consumer or the
  /// connection is gone, or that a request has had neither an answer nor a heartbeat: the broker
  /// says nothing to requests of a consumer that it has forgotten. The next call asks anew.
  Result<std::vector<Pulled>> take(std::size_t max, std::chrono::milliseconds wait);

  /// Asks for no more, and withdraws what has been asked for; gives what had come already. A later
  /// take() asks anew.
  std::vector<Pulled> stop();

 private:
  using SteadyClock = std::chrono::steady_clock;

  void keep_asking();
  void ask();
  /// Reads a message without payload that ends or accompanies a request.
  Result<void> on_status(const Received& status);
  bool is_silent() const;

  Broker& broker_;
  std::string stream_;
  std::string consumer_;
  std::size_t window_;
  std::string inbox_;
  std::unique_ptr<Subscription> subscription_;
  std::size_t outstanding_ = 0;  // messages that the broker may still send for our requests
  std::uint64_t reconnects_seen_ = 0;
  SteadyClock::time_point last_heard_{};
};

}  // namespace vsim::eventstore
