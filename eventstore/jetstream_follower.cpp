#include "eventstore/jetstream_follower.h"

#include <fmt/format.h>

#include "eventstore/direct_get.h"
#include "eventstore/lost_message.h"

namespace vsim::eventstore {
namespace {

constexpr std::size_t window = 2000;

}  // namespace

JetStreamFollower::JetStreamFollower(Broker& broker, std::string stream, Sequence after,
                                     Retention retention)
    : broker_(broker),
      stream_(std::move(stream)),
      position_(after),
      retention_(retention),
      reconnects_seen_(broker.reconnects()) {}

JetStreamFollower::~JetStreamFollower() { drop_consumer(); }

Result<void> JetStreamFollower::make_consumer() {
  auto name = new_token();
  const auto config = fmt::format(
      R"({{"stream_name":"{}","config":{{"name":"{}","deliver_policy":"by_start_sequence",)"
      R"("opt_start_seq":{},"ack_policy":"none","replay_policy":"instant","mem_storage":true,)"
      R"("inactive_threshold":60000000000,"num_replicas":1}}}})",
      stream_, name, position_ + 1);
  const auto made = broker_.api("$JS.API.CONSUMER.CREATE." + stream_ + "." + name, config);
  if (!made) {
    return tl::unexpected(made.error());
  }
  consumer_ = std::move(name);
  delivered_ = 0;
  pull_ = std::make_unique<PullSubscription>(broker_, stream_, consumer_, window);
  return {};
}

void JetStreamFollower::drop_consumer() {
  pull_.reset();
  if (consumer_.empty()) {
    return;
  }
  broker_.publish("$JS.API.CONSUMER.DELETE." + stream_ + "." + consumer_, "");
  consumer_.clear();
}

/// Why `got` came instead of the next message: that one was lost on its way and will come again, or
/// the broker itself has lost it. A flipped bit on its disk fails the message's checksum, and the
/// broker then leaves it out in silence.
Error JetStreamFollower::missing_message(Sequence got) const {
  const auto wanted = position_ + 1;
  if (retention_ == Retention::for_ever) {
    const auto stored = get_at(broker_, stream_, wanted);
    if (stored && !*stored) {
      return {Error::Kind::damaged,
              lost_message(wanted, stream_, std::to_string(got) + " is there")};
    }
  }
  return {Error::Kind::unavailable,
          fmt::format("expected message {} of {}, got {}", wanted, stream_, got)};
}

Result<std::vector<Message>> JetStreamFollower::next(std::size_t max,
                                                     std::chrono::milliseconds wait) {
  if (const auto reconnects = broker_.reconnects(); reconnects != reconnects_seen_) {
    reconnects_seen_ = reconnects;
    drop_consumer();
    return fail(Error::Kind::unavailable, "the connection to the broker was lost in between");
  }
  if (!pull_) {
    if (auto made = make_consumer(); !made) {
      return tl::unexpected(made.error());
    }
  }
  auto pulled = pull_->take(max, wait);
  if (!pulled) {
    drop_consumer();
    return tl::unexpected(pulled.error());
  }
  std::vector<Message> messages;
  messages.reserve(pulled->size());
  for (auto& one : *pulled) {
    // Nothing is ever deleted from the log, so a gap means that messages were lost on their way;
    // where old ones go, what the consumer counted tells.
    const bool is_next = retention_ == Retention::for_ever
                             ? one.message.sequence == position_ + 1
                             : one.consumer_sequence == delivered_ + 1;
    ++delivered_;
    if (!is_next) {
      drop_consumer();
      if (!messages.empty()) {
        return messages;
      }
      return tl::unexpected(missing_message(one.message.sequence));
    }
    position_ = one.message.sequence;
    messages.push_back(std::move(one.message));
  }
  return messages;
}

}  // namespace vsim::eventstore
