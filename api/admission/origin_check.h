#pragma once

// Refuses requests of other web sites' pages to an API without keys, which any browser on the same
// machine can reach. Such a request is recognised by what the browser adds and no page can change:
// the header Origin (RFC 6454; Fetch), Sec-Fetch-Site (Fetch Metadata), and Host, which holds the
// page's own name when that has been made to resolve to this machine (DNS rebinding). With keys
// this is not needed: a page does not know them. D41

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/connections/http_message.h"
#include "ops/telemetry/metrics.h"
#include "schema/http/problem.h"

namespace vsim::api {

/// Any thread.
class OriginCheck {
 public:
  /// The names that the API is reached by, beside `localhost` and every IP address: HTTP_HOSTS and
  /// a name in HTTP_ADDR. The metrics outlive it.
  OriginCheck(std::vector<std::string> names, telemetry::Metrics& metrics);

  /// A 403 for a request that may come from a page of another origin, or that is for a name which
  /// is not ours; nothing for others. Counts the refusal.
  std::optional<http::Problem> refusal(const HttpRequest& request) const;

 private:
  bool is_ours(std::string_view authority) const;

  std::vector<std::string> names_;
  telemetry::Counter by_host_;
  telemetry::Counter by_origin_;
};

}  // namespace vsim::api
