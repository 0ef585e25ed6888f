#include "eventstore/command_queue.h"

#include <deque>
#include <unordered_set>

#include <fmt/format.h>

#include "eventstore/ack_memory.h"
#include "eventstore/api_reply.h"
#include "eventstore/broker_facts.h"
#include "eventstore/direct_get.h"
#include "eventstore/pull_subscription.h"

namespace vsim::eventstore {
namespace {

PublishError publish_error(const ApiError& error) {
  // One number for all limits of a stream; the words tell which.
  if (error.err_code == api_error::stream_store_failed) {
    if (error.description.find("per subject") != std::string::npos) {
      return {PublishError::Kind::slot_taken, error.description};
    }
    return {PublishError::Kind::full, error.description};
  }
  if (error.description.find("message size") != std::string::npos) {
    return {PublishError::Kind::too_large, error.description};
  }
  return {PublishError::Kind::unavailable, error.description};
}

PublishError publish_error(const Error& error) {
  const auto kind = error.kind == Error::Kind::unknown ? PublishError::Kind::unknown
                                                       : PublishError::Kind::unavailable;
  return {kind, error.detail};
}

}  // namespace

CommandPublisher::CommandPublisher(Broker& broker, std::string stream)
    : broker_(broker), stream_(std::move(stream)) {}

// By itself, however many are published at once. D74
tl::expected<Accepted, PublishError> CommandPublisher::publish(const std::string& subject,
                                                               const std::string& payload,
                                                               const Headers& headers) const {
  const auto reply = broker_.request(subject, payload, headers);
  if (!reply) {
    return tl::unexpected(publish_error(reply.error()));
  }
  const auto answer = read_api_reply(reply->payload);
  if (answer.error) {
    return tl::unexpected(publish_error(*answer.error));
  }
  return Accepted{answer.sequence, answer.duplicate};
}

Result<void> CommandPublisher::remove(Sequence sequence) const {
  const auto reply = broker_.request("$JS.API.STREAM.MSG.DELETE." + stream_,
                                     fmt::format(R"({{"seq":{},"no_erase":true}})", sequence));
  if (!reply) {
    return tl::unexpected(reply.error());
  }
  const auto answer = read_api_reply(reply->payload);
  if (!answer.error) {
    return {};
  }
  const auto stored = get_at(broker_, stream_, sequence);
  if (stored && !*stored) {
    return {};  // somebody was faster
  }
  return fail(Error::Kind::unavailable, answer.error->description);
}

Result<std::optional<Message>> CommandPublisher::find_waiting(const std::string& filter) const {
  return get_last(broker_, stream_, filter);
}

class CommandQueue::Impl {
 public:
  Impl(Broker& connection, std::string stream, std::string consumer)
      : broker(connection),
        stream_name(stream),
        consumer_name(consumer),
        acks(connection, stream),
        pull(connection, std::move(stream), std::move(consumer), window) {}

  /// For ever: what is said after a reconnect again.
  void end(const Delivery& delivery, std::string word) {
    in_hand.erase(delivery.reply_to);
    acks.say(delivery.reply_to, std::move(word), delivery.message.stored_at);
  }

  Delivery take_in_hand(Pulled&& pulled) {
    in_hand.insert(pulled.reply_to);
    return {std::move(pulled.message), pulled.deliveries, std::move(pulled.reply_to)};
  }

  void learn_ack_wait() {
    if (ack_wait.count() > 0) {
      return;
    }
    const auto facts = consumer_facts(broker, stream_name, consumer_name);
    if (facts) {
      ack_wait = facts->ack_wait;
    }
  }

  /// In time for two more attempts before the broker takes the worker for dead.
  std::chrono::nanoseconds word_every() const {
    return (ack_wait.count() == 0 ? ack_wait_usual : ack_wait) / 3;
  }

  static constexpr std::size_t window = 512;
  static constexpr std::chrono::nanoseconds ack_wait_usual = std::chrono::seconds(30);
  Broker& broker;
  const std::string stream_name;
  const std::string consumer_name;
  AckMemory acks;
  PullSubscription pull;
  std::deque<Delivery> ahead;               // taken, and not yet given out
  std::unordered_set<std::string> in_hand;  // where their acks go
  std::chrono::nanoseconds ack_wait{0};     // 0: not known yet
  std::chrono::steady_clock::time_point word_at{};
};

CommandQueue::CommandQueue(Broker& broker, std::string stream, std::string consumer)
    : impl_(std::make_unique<Impl>(broker, std::move(stream), std::move(consumer))) {}
CommandQueue::~CommandQueue() = default;

Result<std::vector<Delivery>> CommandQueue::take(std::size_t max, std::chrono::milliseconds wait) {
  impl_->acks.keep_up();
  if (impl_->in_hand.empty()) {
    impl_->word_at = std::chrono::steady_clock::now();
  }
  std::vector<Delivery> deliveries;
  while (!impl_->ahead.empty() && deliveries.size() < max) {
    deliveries.push_back(std::move(impl_->ahead.front()));
    impl_->ahead.pop_front();
  }
  if (!deliveries.empty()) {
    return deliveries;
  }
  auto pulled = impl_->pull.take(max, wait);
  if (!pulled) {
    return tl::unexpected(pulled.error());
  }
  deliveries.reserve(pulled->size());
  for (auto& one : *pulled) {
    deliveries.push_back(impl_->take_in_hand(std::move(one)));
  }
  if (!deliveries.empty()) {
    impl_->learn_ack_wait();
  }
  return deliveries;
}

void CommandQueue::still_working() {
  const auto now = std::chrono::steady_clock::now();
  if (impl_->in_hand.empty() || now - impl_->word_at < impl_->word_every()) {
    return;
  }
  impl_->word_at = now;
  for (const auto& reply_to : impl_->in_hand) {
    impl_->broker.publish(reply_to, "+WPI");
  }
  impl_->broker.flush();
}

void CommandQueue::ask_for_no_more() {
  for (auto& pulled : impl_->pull.stop()) {
    impl_->ahead.push_back(impl_->take_in_hand(std::move(pulled)));
    impl_->word_at = {};  // nobody knows since when it was there
  }
}

void CommandQueue::release() {
  ask_for_no_more();
  for (const auto& delivery : impl_->ahead) {
    nak(delivery, std::chrono::milliseconds(0));
  }
  impl_->ahead.clear();
  impl_->broker.flush();
}

Result<Sequence> CommandQueue::last_sequence() const {
  const auto facts = stream_facts(impl_->broker, impl_->stream_name);
  if (!facts) {
    return tl::unexpected(facts.error());
  }
  return facts->last_sequence;
}

Result<bool> CommandQueue::holds(const Delivery& delivery) const {
  const auto stored = get_at(impl_->broker, impl_->stream_name, delivery.message.sequence);
  if (!stored) {
    return tl::unexpected(stored.error());
  }
  return *stored && (*stored)->stored_at == delivery.message.stored_at;
}

void CommandQueue::forget(const Delivery& delivery) { impl_->in_hand.erase(delivery.reply_to); }

// D73
void CommandQueue::ack(const Delivery& delivery) { impl_->end(delivery, "+ACK"); }

void CommandQueue::nak(const Delivery& delivery, std::chrono::milliseconds delay) {
  impl_->in_hand.erase(delivery.reply_to);
  const auto word = delay.count() == 0 ? "-NAK"
                                       : fmt::format(R"(-NAK {{"delay":{}}})",
                                                     std::chrono::nanoseconds(delay).count());
  impl_->broker.publish(delivery.reply_to, word);
}

void CommandQueue::terminate(const Delivery& delivery, const std::string& reason) {
  impl_->end(delivery, "+TERM " + reason);
}

}  // namespace vsim::eventstore
