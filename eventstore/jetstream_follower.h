#pragma once

// Follows a stream by an ephemeral pull consumer that the broker forgets by itself; the position is
// kept here, so a lost consumer is only made anew.

#include <memory>
#include <string>

#include "eventstore/broker.h"
#include "eventstore/event_store.h"
#include "eventstore/pull_subscription.h"

namespace vsim::eventstore {

/// Belongs to one thread. An error says that the broker or the consumer was lost in between: what
/// was known of the log should be checked again; the next call goes on where this one stood.
class JetStreamFollower : public Follower {
 public:
  JetStreamFollower(Broker& broker, std::string stream, Sequence after, Retention retention);
  ~JetStreamFollower() override;

  Result<std::vector<Message>> next(std::size_t max, std::chrono::milliseconds wait) override;

 private:
  Result<void> make_consumer();
  Error missing_message(Sequence got) const;
  void drop_consumer();

  Broker& broker_;
  std::string stream_;
  Sequence position_;  // of the last message given out
  Retention retention_;
  std::uint64_t delivered_ = 0;  // messages by the present consumer
  std::uint64_t reconnects_seen_ = 0;
  std::string consumer_;
  std::unique_ptr<PullSubscription> pull_;
};

}  // namespace vsim::eventstore
