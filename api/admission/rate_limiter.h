#pragma once

// Token buckets: each caller has one of `burst` tokens that fills at `per_second`; a request takes
// one, and is refused when there is none. A bucket is stored as the moment at which it will be
// full, so a full bucket need not be kept. D32

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ops/process/settings.h"

namespace vsim::api {

/// Buckets that are kept. Full ones are dropped first; only when so many callers come within the
/// time that fills a bucket, the one unused for longest starts afresh.
inline constexpr std::size_t rate_buckets_max = 65'536;

/// Any thread. Time is the caller's, and may stand still but not go back.
class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Verdict {
    bool allowed = true;
    std::uint64_t remaining = 0;             // requests that would be allowed right after this one
    std::chrono::nanoseconds full_in{0};     // until `remaining` is the burst again
    std::chrono::nanoseconds allowed_in{0};  // until one is allowed; 0: at once
  };

  /// The limit must not be off.
  explicit RateLimiter(process::RateLimit limit, std::size_t buckets_max = rate_buckets_max);

  /// Takes a token of that bucket. A refusal takes none.
  Verdict take(std::string_view bucket, Time now);

  /// Puts the token of an earlier take() back; how the bucket stands then.
  Verdict give_back(std::string_view bucket, Time now);

  const process::RateLimit& limit() const { return limit_; }
  std::size_t buckets() const;

 private:
  struct Bucket {
    std::string name;
    Time full_at;
  };
  using Buckets = std::list<Bucket>;  // those used last stand at the end

  Bucket& bucket(std::string_view name, Time now);
  void drop_first();
  Verdict verdict(const Bucket& bucket, bool allowed, Time now) const;

  const process::RateLimit limit_;
  const std::size_t buckets_max_;
  const std::chrono::nanoseconds token_;  // the time in which one comes
  const std::chrono::nanoseconds full_;   // the time in which an empty bucket fills
  mutable std::mutex mutex_;
  Buckets buckets_;
  std::unordered_map<std::string_view, Buckets::iterator> by_name_;  // views of the buckets' names
};

}  // namespace vsim::api
