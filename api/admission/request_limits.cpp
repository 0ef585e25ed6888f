#include "api/admission/request_limits.h"

#include <algorithm>
#include <cassert>

#include "api/admission/client_address.h"

namespace vsim::api {
namespace {

using std::chrono::steady_clock;

/// Rounded up: a client that comes back too early would be refused again.
std::string whole_seconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

/// Probes must pass when callers do not, and a request that was not read has cost nothing.
bool is_exempt(const HttpRequest& request) {
  return request.path == "/healthz" || request.path == "/readyz" || request.fault == Fault::no_room;
}

}  // namespace

RequestLimits::RequestLimits(process::RateLimit limit,
                             std::vector<process::AddressRange> trusted_proxies,
                             telemetry::Metrics& metrics)
    : trusted_proxies_(std::move(trusted_proxies)),
      refused_(metrics.counter("vsim_http_rate_limited_total",
                               "Requests answered 429: their caller sent too many")) {
  if (!limit.off()) {
    limiter_.emplace(limit);
  }
}

RequestLimits::Admission RequestLimits::admit(const HttpRequest& request,
                                              std::string_view key_name) {
  Admission admission;
  if (!limiter_ || is_exempt(request)) {
    return admission;
  }
  admission.bucket = bucket_of(request, key_name);
  admission.verdict = limiter_->take(*admission.bucket, steady_clock::now());
  if (admission.refused()) {
    refused_.add();
  }
  return admission;
}

/// IPv6 callers are counted by their /64, which one subscriber has.
std::string RequestLimits::bucket_of(const HttpRequest& request, std::string_view key_name) const {
  if (!key_name.empty()) {
    return "key " + std::string(key_name);
  }
  auto address = client_address(request, trusted_proxies_);
  if (!address) {
    return "address unknown";
  }
  if (!address->is_v4()) {
    std::fill(address->bytes.begin() + 8, address->bytes.end(), std::uint8_t{0});
  }
  return "address " + address->to_string();
}

http::Problem RequestLimits::refusal(const Admission& admission) const {
  assert(admission.refused());  // so there is a limit
  const process::RateLimit& limit = limiter_->limit();
  http::Problem problem{.code = http::ProblemCode::too_many_requests,
                        .detail = "more than " + std::to_string(limit.per_second) +
                                  " requests a second, and " + std::to_string(limit.burst) +
                                  " at once; wait as long as Retry-After says"};
  problem.retry_after_seconds = static_cast<std::uint32_t>(
      std::chrono::ceil<std::chrono::seconds>(admission.verdict.allowed_in).count());
  return problem;
}

void RequestLimits::conclude(Admission admission, bool has_failed, HttpResponse& response) {
  if (!admission.bucket) {
    return;
  }
  if (has_failed && !admission.refused()) {
    admission.verdict = limiter_->give_back(*admission.bucket, steady_clock::now());
  }
  const process::RateLimit& limit = limiter_->limit();
  const std::string burst = std::to_string(limit.burst);
  response.add("RateLimit-Limit", burst);
  response.add("RateLimit-Remaining", std::to_string(admission.verdict.remaining));
  response.add("RateLimit-Reset", whole_seconds(admission.verdict.full_in));
  response.add("RateLimit-Policy", std::to_string(limit.per_second) + ";w=1;burst=" + burst);
}

}  // namespace vsim::api
