#include "eventstore/reply_collector.h"

#include <algorithm>

#include "domain/decimal.h"

namespace vsim::eventstore {
namespace {

// Answers go to the connection that asked: while one is awaited it is looked at so often whether it
// is still there.
constexpr std::chrono::milliseconds connection_look_min{1};
constexpr std::chrono::milliseconds connection_look_max{200};

}  // namespace

ReplyCollector::ReplyCollector(Broker& broker)
    : broker_(broker), inbox_(broker.new_inbox()), subscription_(broker.subscribe(inbox_ + ".>")) {}

const std::string& ReplyCollector::begin() {
  current_ = inbox_ + "." + std::to_string(++round_);
  reconnects_ = broker_.reconnects();
  return current_;
}

std::string ReplyCollector::reply_to(std::size_t index) const {
  return current_ + "." + std::to_string(index);
}

std::optional<std::size_t> ReplyCollector::index_of(const Received& received) const {
  auto rest = std::string_view(received.subject);
  if (rest.size() <= current_.size()) {
    return std::nullopt;
  }
  rest.remove_prefix(current_.size() + 1);
  return read_decimal(rest.substr(0, rest.find('.')));
}

Result<Received> ReplyCollector::next(std::chrono::milliseconds wait) {
  using SteadyClock = std::chrono::steady_clock;
  if (!subscription_) {
    return fail(Error::Kind::unavailable, "no inbox for the answers");
  }
  const auto until = SteadyClock::now() + wait;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now());
    auto received = subscription_->next(std::clamp(left, connection_look_min, connection_look_max));
    if (!received) {
      return tl::unexpected(received.error());
    }
    if (!*received) {
      if (!broker_.connected() || broker_.reconnects() != reconnects_) {
        return fail(Error::Kind::unknown, "the connection was lost before the answer came");
      }
      if (SteadyClock::now() >= until) {
        return fail(Error::Kind::unknown, "no answer in time");
      }
      continue;
    }
    const auto& subject = (*received)->subject;
    const bool ours = subject.starts_with(current_) &&
                      (subject.size() == current_.size() || subject[current_.size()] == '.');
    if (ours) {
      return std::move(**received);
    }
  }
}

ReplyCollectors::Lease ReplyCollectors::borrow() {
  std::unique_ptr<ReplyCollector> collector;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      collector = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!collector) {
    collector = std::make_unique<ReplyCollector>(broker_);
  }
  return Lease(*this, std::move(collector));
}

void ReplyCollectors::give_back(std::unique_ptr<ReplyCollector> collector) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(collector));
}

}  // namespace vsim::eventstore
