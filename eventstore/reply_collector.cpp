#include "eventstore/reply_collector.h"

#include <algorithm>

#include "domain/decimal.h"

namespace vsim::eventstore {

ReplyCollector::ReplyCollector(Broker& broker)
    : inbox_(broker.new_inbox()), subscription_(broker.subscribe(inbox_ + ".>")) {}

const std::string& ReplyCollector::begin() {
  current_ = inbox_ + "." + std::to_string(++round_);
  return current_;
}

std::string ReplyCollector::reply_to(std::size_t index) const {
  return current_ + "." + std::to_string(index);
}

std::size_t ReplyCollector::index_of(const Received& received) {
  const std::string_view subject = received.subject;
  return read_decimal(subject.substr(subject.rfind('.') + 1)).value_or(0);
}

Result<Received> ReplyCollector::next(std::chrono::milliseconds wait) {
  using SteadyClock = std::chrono::steady_clock;
  if (!subscription_) {
    return fail(Error::Kind::unavailable, "no inbox for the answers");
  }
  const auto until = SteadyClock::now() + wait;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now());
    auto received = subscription_->next(std::max(left, std::chrono::milliseconds(1)));
    if (!received) {
      return tl::unexpected(received.error());
    }
    if (!*received) {
      return fail(Error::Kind::unknown, "no answer in time");
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
