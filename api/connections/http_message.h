#pragma once

// A request and its answer, as routes see them: plain values without sockets, so that a test can
// call routes.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/process/address_range.h"

namespace vsim::api {

/// Why a request cannot be read, or is not read.
enum class Fault : std::uint8_t {
  malformed_head,  // the request line, the target or a header is none
  head_too_large,  // over head_bytes_max, or one line of it over head_line_bytes_max
  malformed_body,  // lengths or chunks that cannot be followed
  body_too_large,  // over http::body_bytes_max
  incomplete,      // the rest did not come in time, or not at all
  no_room          // not read: as many connections as allowed are open
};

/// Names and values as they were sent, without the blanks around them.
using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

struct OpenConnection;

struct HttpRequest {
  std::string method;
  std::string path;       // as sent, with its escapes: the route table decodes what it takes
  std::string query;      // as sent, without the question mark
  std::string authority;  // whom it is for: "host" or "host:port"; may be empty in HTTP/1.0
  std::string head;       // as sent
  Headers headers;        // views of `head`
  std::string body;
  std::optional<process::IpAddress> peer;        // where the connection comes from, if known
  std::optional<Fault> fault;                    // the rest may be empty then
  std::string_view complaint;                    // a sentence about the fault; may be empty
  std::function<void(HttpRequest&)> fetch_body;  // see take_body()

  /// The first header of that name in any case; an empty view when there is none.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const { return count_headers(name) > 0; }
  std::size_t count_headers(std::string_view name) const;
  /// All headers of that name, joined with commas.
  std::string joined_header(std::string_view name) const;

  /// Where the client waits for "100 Continue", sends that and reads the body; elsewhere it does
  /// nothing, since the body is there. To be called when all that can be refused by the head alone
  /// has been refused (RFC 9110, 10.1.1). Sets `fault` when the body does not come or is too large.
  /// Blocks.
  void take_body();
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  bool close = false;      // the connection must be closed after it
  bool cut = false;        // the connection must be closed in place of it
  bool by_outage = false;  // of a simulated region: a 503 that is no failure of the API
  /// Set: the answer has no length and no end yet. After its head the connection leaves the server
  /// and is given to this, which goes on with the body and closes it. Not called for HEAD, nor
  /// where the client is gone.
  std::function<void(OpenConnection&&)> take_over = nullptr;

  HttpResponse& add(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  /// The first one of that name, as it was added; null when there is none.
  const std::string* header(std::string_view name) const;
};

bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace vsim::api
