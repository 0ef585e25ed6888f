#pragma once

// How many requests one caller may send: which bucket a request takes from, and the headers of its
// answer. D32

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/admission/rate_limiter.h"
#include "api/connections/http_message.h"
#include "ops/process/address_range.h"
#include "ops/telemetry/metrics.h"
#include "schema/http/problem.h"

namespace vsim::api {

/// Any thread.
class RequestLimits {
 public:
  /// The metrics outlive it.
  RequestLimits(process::RateLimit limit, std::vector<process::AddressRange> trusted_proxies,
                telemetry::Metrics& metrics);

  /// Whether a request may pass, and the bucket that its token came from.
  struct Admission {
    std::optional<std::string> bucket;  // none: this request is not limited
    RateLimiter::Verdict verdict;
    bool refused() const { return !verdict.allowed; }
  };

  /// Takes a token for the request. `key_name` is that of its key, which holds; without one the
  /// client's address counts.
  Admission admit(const HttpRequest& request, std::string_view key_name);

  /// The 429 of an admission that was refused, with the time after which another may pass.
  http::Problem refusal(const Admission& admission) const;

  /// Adds the RateLimit-* headers to the answer of a limited request. Where the API has failed the
  /// token is given back: by what the route answered, whatever a fault has made of it (D93).
  void conclude(Admission admission, bool has_failed, HttpResponse& response);

 private:
  std::string bucket_of(const HttpRequest& request, std::string_view key_name) const;

  std::vector<process::AddressRange> trusted_proxies_;
  std::optional<RateLimiter> limiter_;  // none: off
  telemetry::Counter refused_;
};

}  // namespace vsim::api
