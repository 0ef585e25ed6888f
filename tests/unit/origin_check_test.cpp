// Goal: without keys, a request that a page of another web site may have sent is distinguished from
// all others. Method: requests as values, as browsers and tools send them.

#include "api/admission/origin_check.h"

#include <string>

#include <doctest/doctest.h>

namespace vsim::api {
namespace {

struct Sent {
  std::string authority = "127.0.0.1:8080";
  Headers headers = {};
  std::string method = "GET";
};

/// By which rule it is refused; empty when it is let in.
std::string refused_by(const Sent& sent, std::vector<std::string> names = {}) {
  telemetry::Metrics metrics;
  const OriginCheck check(std::move(names), metrics);
  HttpRequest request;
  request.method = sent.method;
  request.authority = sent.authority;
  request.headers = sent.headers;
  const auto refusal = check.refusal(request);
  if (!refusal) {
    return "";
  }
  CHECK(refusal->status() == 403);
  const bool by_host =
      metrics.text().find("vsim_http_foreign_total{reason=\"host\"} 1") != std::string::npos;
  return by_host ? "host" : "origin";
}

TEST_CASE("issue 12: a host is an address, localhost or a name that was given") {
  for (const char* ours : {"", "127.0.0.1", "127.0.0.1:8080", "192.0.2.7", "[::1]:8080",
                           "localhost", "LOCALHOST:80", "localhost.", "localhost.:80"}) {
    CAPTURE(ours);
    CHECK(refused_by({.authority = ours}) == "");
  }
  for (const char* foreign : {"evil.example", "localhost.evil.example", "a.localhost", "localhos",
                              "127.0.0.1.evil.example", "2130706433", "127.1", "api"}) {
    CAPTURE(foreign);
    CHECK(refused_by({.authority = foreign}) == "host");
  }
  CHECK(refused_by({.authority = "API:8080"}, {"vsim.example", "api"}) == "");
  CHECK(refused_by({.authority = "vsim.example."}, {"vsim.example", "api"}) == "");
  CHECK(refused_by({.authority = "a.vsim.example"}, {"vsim.example", "api"}) == "host");
}

TEST_CASE("issue 12: an origin is the one that was asked, with its port") {
  const auto by = [](const char* origin, const char* authority = "127.0.0.1:8080") {
    return refused_by({.authority = authority, .headers = {{"Origin", origin}}, .method = "POST"});
  };
  CHECK(by("http://127.0.0.1:8080") == "");
  CHECK(by("https://127.0.0.1:8080") == "");  // behind a proxy that ends TLS
  CHECK(by("http://127.0.0.1", "127.0.0.1:80") == "");
  CHECK(by("https://127.0.0.1", "127.0.0.1") == "");
  CHECK(by("https://LocalHost", "localhost:443") == "");
  CHECK(by("http://[::1]:8080", "[::1]:8080") == "");
  for (const char* foreign :
       {"null", "", "http://evil.example", "http://127.0.0.1", "http://127.0.0.1:8081",
        "http://localhost:8080", "http://127.0.0.1:8080.evil.example", "http://a@127.0.0.1:8080",
        "http://127.0.0.1:8080/", "ftp://127.0.0.1:8080", "file://", "127.0.0.1:8080",
        "chrome-extension://abc", "http://127.0.0.1:8080, http://evil.example"}) {
    CAPTURE(foreign);
    CHECK(by(foreign) == "origin");
  }
  CHECK(by("http://127.0.0.1:8080", "") == "origin");
  CHECK(refused_by({.headers = {{"Origin", "http://127.0.0.1:8080"}, {"Origin", "null"}}}) ==
        "origin");
}

TEST_CASE("issue 12: what a browser says of the site counts where it says no origin") {
  const auto by = [](Headers headers, const char* method = "GET") {
    return refused_by({.headers = std::move(headers), .method = method});
  };
  CHECK(by({}) == "");
  CHECK(by({{"Sec-Fetch-Site", "same-origin"}}) == "");
  CHECK(by({{"Sec-Fetch-Site", "none"}}) == "");
  CHECK(by({{"Sec-Fetch-Site", "cross-site"}}) == "origin");
  CHECK(by({{"Sec-Fetch-Site", "same-site"}}) == "origin");  // another port of this machine
  CHECK(by({{"Sec-Fetch-Site", "cross-site"}}, "DELETE") == "origin");
  const Headers link = {{"Sec-Fetch-Site", "cross-site"},
                        {"Sec-Fetch-Mode", "navigate"},
                        {"Sec-Fetch-Dest", "document"}};
  CHECK(by(link) == "");
  CHECK(by(link, "POST") == "origin");
  CHECK(by({{"Sec-Fetch-Site", "cross-site"},
            {"Sec-Fetch-Mode", "navigate"},
            {"Sec-Fetch-Dest", "iframe"}}) == "origin");
}

}  // namespace
}  // namespace vsim::api
