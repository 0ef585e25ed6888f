#pragma once

// A request's head as bytes, read once and strictly (RFC 9112, 2 to 6): the request line, the
// headers, and where the body ends. What the grammar does not allow, and what two readers could
// read as different requests, is refused with a sentence. D41. Pure; any thread.

#include <cstdint>
#include <optional>
#include <string_view>

#include <tl/expected.hpp>

#include "api/connections/http_grammar.h"
#include "api/connections/http_message.h"

namespace vsim::api {

inline constexpr std::size_t head_line_bytes_max = 8 * 1024;  // one line, without its end
inline constexpr std::size_t head_bytes_max = 32 * 1024;      // all, with the empty line

/// All views are of the head that was read.
struct RequestHead {
  std::string_view method;
  std::string_view path;       // as sent, with its escapes; "*" with OPTIONS alone
  std::string_view query;      // as sent, without the question mark
  std::string_view authority;  // of an absolute target, else Host; empty without (HTTP/1.0)
  Headers headers;

  // The body: chunks, or so many bytes.
  bool chunked = false;
  std::uint64_t body_bytes = 0;

  bool http_1_0 = false;
  bool keeps_open = true;        // the client may ask again on this connection
  bool awaits_continue = false;  // and sends no body before "100 Continue"; never without a body

  bool has_body() const { return chunked || body_bytes > 0; }
};

struct HeadRefusal {
  Fault fault;
  Complaint complaint;
};

/// `head` ends with its empty line, and each of its lines with CR LF and no other LF.
tl::expected<RequestHead, HeadRefusal> read_request_head(std::string_view head);

/// What is wrong with a first line, without its end, for a head of which no more has arrived.
std::optional<Complaint> complaint_about_request_line(std::string_view line);

}  // namespace vsim::api
