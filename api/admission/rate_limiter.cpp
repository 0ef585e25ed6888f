#include "api/admission/rate_limiter.h"

#include <algorithm>
#include <cassert>

namespace vsim::api {

using std::chrono::nanoseconds;

RateLimiter::RateLimiter(process::RateLimit limit, std::size_t buckets_max)
    : limit_(limit),
      buckets_max_(buckets_max),
      token_(nanoseconds(std::chrono::seconds(1)) / static_cast<std::int64_t>(limit.per_second)),
      full_(token_ * static_cast<std::int64_t>(limit.burst)) {
  assert(limit.burst > 0 && token_.count() > 0 && buckets_max > 0);
}

RateLimiter::Verdict RateLimiter::take(std::string_view name, Time now) {
  const std::lock_guard lock(mutex_);
  Bucket& taken_from = bucket(name, now);
  const Time full_at = std::max(taken_from.full_at, now) + token_;
  const bool allowed = full_at - now <= full_;
  if (allowed) {
    taken_from.full_at = full_at;
  }
  return verdict(taken_from, allowed, now);
}

RateLimiter::Verdict RateLimiter::give_back(std::string_view name, Time now) {
  const std::lock_guard lock(mutex_);
  Bucket& given_to = bucket(name, now);
  given_to.full_at -= token_;  // at most back to before now, which is full
  return verdict(given_to, true, now);
}

std::size_t RateLimiter::buckets() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

/// Makes a full one where there is none. Each call drops up to two full ones from the old end, so
/// that the list shrinks again after a rush of callers.
RateLimiter::Bucket& RateLimiter::bucket(std::string_view name, Time now) {
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    buckets_.splice(buckets_.end(), buckets_, found->second);
  } else {
    while (buckets_.size() >= buckets_max_) {
      drop_first();
    }
    buckets_.push_back({std::string(name), now});
    by_name_.emplace(buckets_.back().name, std::prev(buckets_.end()));
  }
  for (int dropped = 0; dropped < 2 && buckets_.size() > 1 && buckets_.front().full_at <= now;
       ++dropped) {
    drop_first();
  }
  assert(buckets_.size() == by_name_.size() && buckets_.back().name == name);
  return buckets_.back();
}

void RateLimiter::drop_first() {
  by_name_.erase(buckets_.front().name);
  buckets_.pop_front();
}

RateLimiter::Verdict RateLimiter::verdict(const Bucket& bucket, bool allowed, Time now) const {
  Verdict verdict;
  verdict.allowed = allowed;
  verdict.full_in = std::max(nanoseconds(0), nanoseconds(bucket.full_at - now));
  const nanoseconds there = full_ - verdict.full_in;
  verdict.remaining = static_cast<std::uint64_t>(there / token_);
  verdict.allowed_in = std::max(nanoseconds(0), token_ - there);
  return verdict;
}

}  // namespace vsim::api
