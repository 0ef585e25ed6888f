// Goal: each request takes a token from its caller's bucket, its answer reports the bucket, and a
// 5xx is not charged.
// Method: requests as values; a rate so low that no token comes while the test runs.

#include "api/admission/request_limits.h"

#include <string>

#include <doctest/doctest.h>

namespace vsim::api {
namespace {

constexpr process::RateLimit two_at_once{.per_second = 1, .burst = 2};

HttpRequest request_from(const std::string& address, const std::string& path = "/servers") {
  HttpRequest request;
  request.path = path;
  request.peer = process::IpAddress::parse(address);
  return request;
}

std::string header(const HttpResponse& response, const std::string& name) {
  for (const auto& [header, value] : response.headers) {
    if (header == name) {
      return value;
    }
  }
  return {};
}

/// What HttpApi does with a request whose handler answers this status.
HttpResponse answered(RequestLimits& limits, const HttpRequest& request,
                      const std::string& key_name = {}, int status = 200) {
  const auto admission = limits.admit(request, key_name);
  HttpResponse response;
  response.status = admission.refused() ? limits.refusal(admission).status() : status;
  limits.conclude(admission, response.status >= 500, response);
  return response;
}

TEST_CASE("an answer tells the burst, what is left of it, when it is whole, and the rate") {
  telemetry::Metrics metrics;
  RequestLimits limits({.per_second = 1, .burst = 3}, {}, metrics);
  const HttpResponse first = answered(limits, request_from("192.0.2.1"));
  CHECK(first.status == 200);
  CHECK(header(first, "RateLimit-Limit") == "3");
  CHECK(header(first, "RateLimit-Remaining") == "2");
  CHECK(header(first, "RateLimit-Reset") == "1");
  CHECK(header(first, "RateLimit-Policy") == "1;w=1;burst=3");
  answered(limits, request_from("192.0.2.1"));
  CHECK(header(answered(limits, request_from("192.0.2.1")), "RateLimit-Remaining") == "0");

  const auto fourth = limits.admit(request_from("192.0.2.1"), {});
  REQUIRE(fourth.refused());
  CHECK(limits.refusal(fourth).status() == 429);
  CHECK(limits.refusal(fourth).retry_after_seconds == 1);
  CHECK(metrics.text().find("vsim_http_rate_limited_total 1") != std::string::npos);
}

TEST_CASE("a key has a bucket of its own wherever it comes from, and an address another") {
  telemetry::Metrics metrics;
  RequestLimits limits(two_at_once, {}, metrics);
  CHECK(answered(limits, request_from("192.0.2.1"), "ci").status == 200);
  CHECK(answered(limits, request_from("192.0.2.2"), "ci").status == 200);
  CHECK(answered(limits, request_from("192.0.2.3"), "ci").status == 429);
  CHECK(answered(limits, request_from("192.0.2.3"), "other").status == 200);
  CHECK(answered(limits, request_from("192.0.2.3")).status == 200);
  CHECK(answered(limits, request_from("192.0.2.3"), "192.0.2.3").status == 200);
}

TEST_CASE("an IPv6 caller is its /64, an IPv4 caller its address") {
  telemetry::Metrics metrics;
  RequestLimits limits(two_at_once, {}, metrics);
  CHECK(answered(limits, request_from("2001:db8:0:1::1")).status == 200);
  CHECK(answered(limits, request_from("2001:db8:0:1:ffff::1")).status == 200);
  CHECK(answered(limits, request_from("2001:db8:0:1::2")).status == 429);
  CHECK(answered(limits, request_from("2001:db8:0:2::1")).status == 200);
  CHECK(answered(limits, request_from("192.0.2.1")).status == 200);
  CHECK(answered(limits, request_from("192.0.2.1")).status == 200);
  CHECK(answered(limits, request_from("::ffff:192.0.2.1")).status == 429);
  CHECK(answered(limits, request_from("192.0.2.2")).status == 200);
}

TEST_CASE("a 5xx is not charged, a 4xx is") {
  telemetry::Metrics metrics;
  RequestLimits limits(two_at_once, {}, metrics);
  for (int i = 0; i < 20; ++i) {
    const HttpResponse failed = answered(limits, request_from("192.0.2.1"), {}, 503);
    CHECK(failed.status == 503);
    CHECK(header(failed, "RateLimit-Remaining") == "2");
  }
  CHECK(answered(limits, request_from("192.0.2.1"), {}, 404).status == 404);
  CHECK(answered(limits, request_from("192.0.2.1"), {}, 499).status == 499);
  CHECK(answered(limits, request_from("192.0.2.1"), {}, 503).status == 429);
}

TEST_CASE("health is never limited, and nothing is when limits are off") {
  telemetry::Metrics metrics;
  RequestLimits limits(two_at_once, {}, metrics);
  RequestLimits off({}, {}, metrics);
  for (int i = 0; i < 20; ++i) {
    for (const char* path : {"/healthz", "/readyz"}) {
      const HttpResponse response = answered(limits, request_from("192.0.2.1", path));
      CHECK(response.status == 200);
      CHECK(response.headers.empty());
    }
    const HttpResponse response = answered(off, request_from("192.0.2.1"));
    CHECK(response.status == 200);
    CHECK(response.headers.empty());
  }
}

}  // namespace
}  // namespace vsim::api
