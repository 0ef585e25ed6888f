#include "eventstore/pull_subscription.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "domain/decimal.h"

namespace vsim::eventstore {
namespace {

using namespace std::chrono_literals;

constexpr auto request_expires = 30s;
constexpr auto heartbeat_every = 5s;
constexpr auto silence_max = 12s;  // two heartbeats and a little

std::uint64_t number(std::string_view text) { return vsim::read_decimal(text).value_or(0); }

// $JS.ACK[.domain.account].stream.consumer.deliveries.sequence.consumer_sequence.time.pending
// [.token]: the older form ends with `pending`, so the fields are found by the count of tokens.
std::array<std::uint64_t, 4> ack_fields(std::string_view subject) {
  std::vector<std::string_view> tokens;
  while (!subject.empty()) {
    const auto dot = std::min(subject.find('.'), subject.size());
    tokens.push_back(subject.substr(0, dot));
    subject.remove_prefix(std::min(dot + 1, subject.size()));
  }
  const std::size_t first = tokens.size() >= 11 ? 6 : 4;
  std::array<std::uint64_t, 4> fields{};
  for (std::size_t i = 0; i < fields.size() && first + i < tokens.size(); ++i) {
    fields[i] = number(tokens[first + i]);
  }
  return fields;
}

Pulled to_pulled(Received&& received) {
  const auto [deliveries, sequence, consumer_sequence, time] = ack_fields(received.reply_to);
  Pulled pulled;
  pulled.message.subject = std::move(received.subject);
  pulled.message.sequence = sequence;
  pulled.message.stored_at = Timestamp(std::chrono::nanoseconds(time));
  pulled.message.headers = std::move(received.headers);
  pulled.message.payload = std::move(received.payload);
  pulled.deliveries = deliveries;
  pulled.consumer_sequence = consumer_sequence;
  pulled.reply_to = std::move(received.reply_to);
  return pulled;
}

// What is delivered can be acked; the broker's own words about a request cannot. A stored message
// may well bear a header named Status.
bool is_status(const Received& received) { return !received.reply_to.starts_with("$JS.ACK."); }

}  // namespace

PullSubscription::PullSubscription(Broker& broker, std::string stream, std::string consumer,
                                   std::size_t window)
    : broker_(broker),
      stream_(std::move(stream)),
      consumer_(std::move(consumer)),
      window_(window),
      inbox_(broker.new_inbox()),
      subscription_(broker.subscribe(inbox_)),
      reconnects_seen_(broker.reconnects()) {}

/// What has come and was not looked at yet is a word too.
bool PullSubscription::is_silent() const {
  return outstanding_ > 0 && SteadyClock::now() - last_heard_ > silence_max &&
         subscription_->pending() == 0 && broker_.connected() &&
         broker_.reconnects() == reconnects_seen_;
}

void PullSubscription::keep_asking() {
  const auto reconnects = broker_.reconnects();
  if (reconnects != reconnects_seen_ && broker_.connected()) {
    reconnects_seen_ = reconnects;
    outstanding_ = 0;
  }
  if (outstanding_ <= window_ / 2) {
    ask();
  }
}

void PullSubscription::ask() {
  const auto request = fmt::format(R"({{"batch":{},"expires":{},"idle_heartbeat":{}}})", window_,
                                   std::chrono::nanoseconds(request_expires).count(),
                                   std::chrono::nanoseconds(heartbeat_every).count());
  broker_.publish("$JS.API.CONSUMER.MSG.NEXT." + stream_ + "." + consumer_, request, {}, inbox_);
  outstanding_ += window_;
  last_heard_ = SteadyClock::now();
}

Result<void> PullSubscription::on_status(const Received& status) {
  const auto code = find_header(status.headers, "Status");
  if (code == "100") {
    return {};  // a heartbeat
  }
  const auto rest = number(find_header(status.headers, "Nats-Pending-Messages"));
  outstanding_ -= std::min<std::size_t>(outstanding_, rest > 0 ? rest : window_);
  if (code == "404" || code == "408") {
    return {};  // the request has run its time
  }
  const auto text = find_header(status.headers, "Description");
  if (code == "409" && !text.starts_with("Consumer Deleted")) {
    return {};
  }
  outstanding_ = 0;
  return fail(Error::Kind::unavailable, fmt::format("consumer {} on {}: {} {}", consumer_, stream_,
                                                    code, code == "503" ? "nobody answers" : text));
}

Result<std::vector<Pulled>> PullSubscription::take(std::size_t max,
                                                   std::chrono::milliseconds wait) {
  if (!subscription_) {
    subscription_ = broker_.subscribe(inbox_);
    if (!subscription_) {
      return fail(Error::Kind::unavailable, "cannot subscribe to " + inbox_);
    }
  }
  std::vector<Pulled> taken;
  const auto until = SteadyClock::now() + wait;
  while (taken.size() < max) {
    if (is_silent()) {
      outstanding_ = 0;
      return fail(Error::Kind::unavailable,
                  fmt::format("consumer {} on {} says nothing; is it gone?", consumer_, stream_));
    }
    keep_asking();
    const bool queued = subscription_->pending() > 0;
    if (!queued && !taken.empty()) {
      break;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now());
    if (!queued && left.count() <= 0) {
      break;
    }
    auto received = subscription_->next(std::max(left, 1ms));
    if (!received) {
      return tl::unexpected(received.error());
    }
    if (!*received) {
      break;
    }
    last_heard_ = SteadyClock::now();
    if (is_status(**received)) {
      if (auto ok = on_status(**received); !ok) {
        return tl::unexpected(ok.error());
      }
      continue;
    }
    if (outstanding_ > 0) {
      --outstanding_;
    }
    taken.push_back(to_pulled(std::move(**received)));
  }
  return taken;
}

std::vector<Pulled> PullSubscription::stop() {
  std::vector<Pulled> rest;
  if (!subscription_) {
    return rest;
  }
  // A request whose answers nobody would hear is void at the broker.
  subscription_->end();
  broker_.flush();
  while (subscription_->pending() > 0) {
    auto received = subscription_->next(1ms);
    if (!received || !*received) {
      break;
    }
    if (!is_status(**received)) {
      rest.push_back(to_pulled(std::move(**received)));
    }
  }
  subscription_.reset();
  inbox_ = broker_.new_inbox();
  outstanding_ = 0;
  return rest;
}

}  // namespace vsim::eventstore
