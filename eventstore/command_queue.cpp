#include "eventstore/command_queue.h"

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

tl::expected<Accepted, PublishError> CommandPublisher::publish(const std::string& subject,
                                                               const std::string& payload,
                                                               const Headers& headers) const {
  const auto reply = broker_.request(subject, payload, headers);
  if (!reply) return tl::unexpected(publish_error(reply.error()));
  const auto answer = read_api_reply(reply->payload);
  if (answer.error) return tl::unexpected(publish_error(*answer.error));
  return Accepted{answer.sequence, answer.duplicate};
}

Result<void> CommandPublisher::remove(Sequence sequence) const {
  const auto reply = broker_.request("$JS.API.STREAM.MSG.DELETE." + stream_,
                                     fmt::format(R"({{"seq":{},"no_erase":true}})", sequence));
  if (!reply) return tl::unexpected(reply.error());
  const auto answer = read_api_reply(reply->payload);
  if (!answer.error) return {};
  const auto stored = get_at(broker_, stream_, sequence);
  if (stored && !*stored) return {};  // somebody was faster
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
        acks(connection, stream),
        pull(connection, std::move(stream), std::move(consumer), window) {}

  /// For ever: what is said after a reconnect again.
  void end(const Delivery& delivery, std::string word) {
    acks.say(delivery.reply_to, std::move(word), delivery.message.stored_at);
  }

  static constexpr std::size_t window = 512;
  Broker& broker;
  const std::string stream_name;
  AckMemory acks;
  PullSubscription pull;
};

CommandQueue::CommandQueue(Broker& broker, std::string stream, std::string consumer)
    : impl_(std::make_unique<Impl>(broker, std::move(stream), std::move(consumer))) {}
CommandQueue::~CommandQueue() = default;

Result<std::vector<Delivery>> CommandQueue::take(std::size_t max, std::chrono::milliseconds wait) {
  impl_->acks.keep_up();
  auto pulled = impl_->pull.take(max, wait);
  if (!pulled) return tl::unexpected(pulled.error());
  std::vector<Delivery> deliveries;
  deliveries.reserve(pulled->size());
  for (auto& one : *pulled) {
    deliveries.push_back({std::move(one.message), one.deliveries, std::move(one.reply_to)});
  }
  return deliveries;
}

Result<Sequence> CommandQueue::last_sequence() const {
  const auto facts = stream_facts(impl_->broker, impl_->stream_name);
  if (!facts) return tl::unexpected(facts.error());
  return facts->last_sequence;
}

void CommandQueue::stop() {
  for (const auto& pulled : impl_->pull.stop()) impl_->broker.publish(pulled.reply_to, "-NAK");
  impl_->broker.flush();
}

void CommandQueue::ack(const Delivery& delivery) { impl_->end(delivery, "+ACK"); }

void CommandQueue::flush() { impl_->broker.flush(); }

void CommandQueue::nak(const Delivery& delivery, std::chrono::milliseconds delay) {
  impl_->broker.publish(delivery.reply_to, fmt::format(R"(-NAK {{"delay":{}}})",
                                                       std::chrono::nanoseconds(delay).count()));
}

void CommandQueue::terminate(const Delivery& delivery, const std::string& reason) {
  impl_->end(delivery, "+TERM " + reason);
}

}  // namespace vsim::eventstore
