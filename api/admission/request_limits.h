#pragma once

// How many requests one caller may send: which bucket a request takes from, and what its answer
// says of that.

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

  /// What became of one request here.
  struct Admission {
    std::string bucket;  // empty: this request is not limited
    RateLimiter::Verdict verdict;
    bool refused() const { return !verdict.allowed; }
  };

  /// `key_name` is that of the key that the request was proven to come with; without one the
  /// client's address counts.
  Admission admit(const HttpRequest& request, std::string_view key_name);

  /// Why it was refused: 429, with the time after which another one will be let in.
  http::Problem refusal(const Admission& admission) const;

  /// What all answers to limited requests say. A 5xx is our fault: its token is given back.
  void conclude(Admission admission, HttpResponse& response);

 private:
  std::string bucket_of(const HttpRequest& request, std::string_view key_name) const;

  std::vector<process::AddressRange> trusted_proxies_;
  std::optional<RateLimiter> limiter_;  // none: off
  telemetry::Counter refused_;
};

}  // namespace vsim::api
