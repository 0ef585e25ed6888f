#pragma once

// A request and its answer, as the routes see them: plain values without sockets, so that routes
// can be called from a test.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/telemetry/address_range.h"

namespace vsim::api {

inline constexpr std::size_t head_bytes_max = 32 * 1024;  // of the request line and all headers

/// What was wrong with a request before its meaning could be looked at.
enum class Fault : std::uint8_t {
  malformed_head,  // not "METHOD target HTTP/1.1" and headers
  unknown_method,  // such a line, with a method that is not of HTTP: method and path are there
  head_too_large,  // over head_bytes_max, or one line of it over what the parser takes
  malformed_body,  // lengths or chunks that cannot be followed
  body_too_large,  // over http::body_bytes_max
  incomplete,      // the rest did not come in time, or not at all
  no_room          // not listened to: as many connections as allowed are open
};

struct HttpRequest {
  std::string method;
  std::string path;   // decoded
  std::string query;  // as sent, without the question mark
  std::string head;   // as sent
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // views of `head`
  std::string body;
  std::optional<telemetry::IpAddress> peer;  // where the connection comes from, if known
  std::optional<Fault> fault;                // the rest may be empty then

  /// The first header of that name in any case; an empty view when there is none.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const { return count_headers(name) > 0; }
  std::size_t count_headers(std::string_view name) const;
  /// All headers of that name, joined with commas.
  std::string joined_header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  bool close = false;  // the connection is of no further use

  HttpResponse& add(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  /// The first one of that name, as it was added; null when there is none.
  const std::string* header(std::string_view name) const;
};

/// Splits a head as sent into its headers, which are views of it. The request line is skipped, and
/// so are lines that are no headers.
std::vector<std::pair<std::string_view, std::string_view>> split_headers(std::string_view head);

bool equal_ignoring_case(std::string_view a, std::string_view b);

/// What a head's request line asks for; views of the head.
struct RequestLine {
  std::string_view method;
  std::string_view path;  // as sent, without the query
};

/// Of a line "METHOD /path HTTP/1.x", whatever the method; nothing where it is none.
std::optional<RequestLine> read_request_line(std::string_view head);

}  // namespace vsim::api
