#pragma once

// Requests with more than one answer, or many requests at once: an inbox of their own, kept for the
// next caller, since nats.c 3.4 must not destroy a subscription while messages may come.

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/broker.h"

namespace vsim::eventstore {

/// One inbox. Belongs to its borrower.
class ReplyCollector {
 public:
  explicit ReplyCollector(Broker& broker);

  /// A reply subject whose answers next() will give; those to earlier subjects are dropped.
  const std::string& begin();

  /// A reply subject under the one that begin() gave, for the request with this index. Others may
  /// be made of it, by more tokens behind it.
  std::string reply_to(std::size_t index) const;

  /// The index in an answer's subject, as reply_to() wrote it; nothing where there is none.
  std::optional<std::size_t> index_of(const Received& received) const;

  /// The next answer; `unknown` when none came within `wait`, or soon after the connection was lost
  /// over which the requests went.
  Result<Received> next(std::chrono::milliseconds wait);

 private:
  Broker& broker_;
  std::string inbox_;
  std::unique_ptr<Subscription> subscription_;
  std::uint64_t round_ = 0;
  std::uint64_t reconnects_ = 0;  // of the broker, when the round began
  std::string current_;
};

/// Lends collectors, one to a thread at a time. Thread-safe.
class ReplyCollectors {
 public:
  explicit ReplyCollectors(Broker& broker) : broker_(broker) {}

  class Lease {
   public:
    Lease(ReplyCollectors& home, std::unique_ptr<ReplyCollector> collector)
        : home_(home), collector_(std::move(collector)) {}
    ~Lease() { home_.give_back(std::move(collector_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ReplyCollector* operator->() { return collector_.get(); }
    ReplyCollector& operator*() { return *collector_; }

   private:
    ReplyCollectors& home_;
    std::unique_ptr<ReplyCollector> collector_;
  };

  Lease borrow();

 private:
  void give_back(std::unique_ptr<ReplyCollector> collector);

  Broker& broker_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<ReplyCollector>> idle_;
};

}  // namespace vsim::eventstore
