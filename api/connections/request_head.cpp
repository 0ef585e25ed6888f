#include "api/connections/request_head.h"

#include <algorithm>

#include "api/connections/authority.h"
#include "domain/decimal.h"
#include "schema/http/query_string.h"

namespace vsim::api {
namespace {

constexpr Complaint no_request_line =
    "the first line is no request; send METHOD, target and HTTP/1.1 with one blank between them";

tl::unexpected<HeadRefusal> malformed(Complaint complaint) {
  return tl::unexpected(HeadRefusal{Fault::malformed_head, complaint});
}

tl::unexpected<HeadRefusal> unclear_length(Complaint complaint) {
  return tl::unexpected(HeadRefusal{Fault::malformed_body, complaint});
}

struct RequestLine {
  std::string_view method;
  std::string_view target;
  bool http_1_0 = false;
};

/// The characters of a URI (RFC 3986), and those that it should have escaped but for controls, the
/// blank and "#": no reader takes the others for the target's end.
bool is_target(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && byte != '#';
  });
}

tl::expected<RequestLine, Complaint> read_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return tl::unexpected(no_request_line);
  }
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  const RequestLine read{line.substr(0, first), target, version == "HTTP/1.0"};
  if (!is_token(read.method) || !is_target(target)) {
    return tl::unexpected(no_request_line);
  }
  if (version != "HTTP/1.1" && !read.http_1_0) {
    return tl::unexpected<Complaint>(
        "the first line names no version that is spoken here; send "
        "METHOD, target and HTTP/1.1");
  }
  return read;
}

std::optional<Complaint> complaint_about_segment(std::string_view sent) {
  const auto segment = http::decode_escapes(sent);
  if (!segment) {
    return "the path has a broken escape; write a percent sign as %25";
  }
  if (!http::is_printable_utf8(*segment)) {
    return "the path holds a control character or is no UTF-8; take it out";
  }
  if (*segment == "." || *segment == "..") {
    return "the path has a segment . or ..; send it without";
  }
  return std::nullopt;
}

/// Segment by segment, as routes are found: an escaped slash belongs to its segment.
std::optional<Complaint> complaint_about_path(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    if (const auto complaint = complaint_about_segment(segment)) {
      return complaint;
    }
  }
  return std::nullopt;
}

/// Takes "http://host:port" off a target of absolute form (RFC 9112, 3.2.2).
bool take_origin(std::string_view& target, std::string_view& authority) {
  const std::size_t colon = std::min(target.find(':'), target.size());
  const std::string_view scheme = target.substr(0, colon);
  if (!(equal_ignoring_case(scheme, "http") || equal_ignoring_case(scheme, "https")) ||
      !target.substr(colon).starts_with("://")) {
    return false;
  }
  target.remove_prefix(colon + 3);
  authority = target.substr(0, target.find_first_of("/?"));
  target.remove_prefix(authority.size());
  return read_authority(authority).has_value();
}

/// RFC 9112, 3.2. The form that CONNECT takes is for proxies.
std::optional<Complaint> read_target(std::string_view target, RequestHead& head) {
  if (head.method == "CONNECT") {
    return "CONNECT is for proxies, and this is none; send the request itself";
  }
  const bool absolute = !target.starts_with('/') && target != "*";
  if (absolute && !take_origin(target, head.authority)) {
    return "the target is neither a path, which begins with /, nor an http URL; send one of them";
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  head.path = target.substr(0, mark);
  head.query = target.substr(std::min(mark + 1, target.size()));
  if (absolute && head.path.empty()) {
    head.path = head.method == "OPTIONS" && mark == target.size() ? "*" : "/";
  }
  if (head.path != "*") {
    return complaint_about_path(head.path);
  }
  if (head.method != "OPTIONS") {
    return "the target * is for OPTIONS alone; send a path, which begins with /";
  }
  return std::nullopt;
}

/// The headers that say where the message ends and what follows it.
struct FramingHeaders {
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::size_t encodings = 0;
  std::string_view host;
  std::string_view length;
  std::string_view encoding;
  bool close = false;
  bool keep_alive = false;
  bool expects_continue = false;

  void record(std::string_view name, std::string_view value);
};

void FramingHeaders::record(std::string_view name, std::string_view value) {
  if (equal_ignoring_case(name, "Host")) {
    ++hosts;
    host = value;
  } else if (equal_ignoring_case(name, "Content-Length")) {
    ++lengths;
    length = value;
  } else if (equal_ignoring_case(name, "Transfer-Encoding")) {
    ++encodings;
    encoding = value;
  } else if (equal_ignoring_case(name, "Connection")) {
    close = close || has_member(value, "close");
    keep_alive = keep_alive || has_member(value, "keep-alive");
  } else if (equal_ignoring_case(name, "Expect")) {
    expects_continue = expects_continue || has_member(value, "100-continue");
  }
}

/// Some readers, such as CGI, take an underscore for a hyphen: they would see a length here.
bool is_framing_in_disguise(std::string_view name) {
  if (name.find('_') == std::string_view::npos) {
    return false;
  }
  std::string hyphens(name);
  std::replace(hyphens.begin(), hyphens.end(), '_', '-');
  return equal_ignoring_case(hyphens, "Content-Length") ||
         equal_ignoring_case(hyphens, "Transfer-Encoding");
}

/// RFC 9112, 3.2: the authority of an absolute target goes before Host, which must be there anyway.
std::optional<Complaint> read_host(const FramingHeaders& framing, RequestHead& head) {
  if (framing.hosts > 1) {
    return "the header Host is there more than once; send one";
  }
  if (framing.hosts == 0) {
    return head.http_1_0 ? std::nullopt
                         : std::optional<Complaint>("the header Host is missing; send one");
  }
  if (!read_authority(framing.host)) {
    return "the header Host is no name or address with a port or without; send the URL's";
  }
  if (head.authority.empty()) {
    head.authority = framing.host;
  }
  return std::nullopt;
}

/// RFC 9112, 6.3; refuses what it leaves to the reader.
std::optional<Complaint> read_body_length(const FramingHeaders& framing, RequestHead& head) {
  if (framing.encodings > 0) {
    if (framing.lengths > 0) {
      return "both Content-Length and Transfer-Encoding are there; send one of them";
    }
    if (framing.encodings > 1 || !equal_ignoring_case(framing.encoding, "chunked")) {
      return "Transfer-Encoding is not chunked, once and alone; send that or Content-Length";
    }
    if (head.http_1_0) {
      return "HTTP/1.0 knows no Transfer-Encoding; send Content-Length, or HTTP/1.1";
    }
    head.chunked = true;
    return std::nullopt;
  }
  if (framing.lengths == 0) {
    return std::nullopt;
  }
  if (framing.lengths > 1) {
    return "Content-Length is there more than once; send one";
  }
  const auto bytes = read_decimal(framing.length);
  if (!bytes) {
    return "Content-Length is no whole number of bytes without signs, blanks and leading zeros; "
           "send one";
  }
  head.body_bytes = *bytes;
  return std::nullopt;
}

/// Takes a line without its end off the head, which has one more.
std::string_view take_line(std::string_view& head) {
  const std::size_t end = std::min(head.find('\n'), head.size());
  const std::string_view line = head.substr(0, end == 0 ? 0 : end - 1);
  head.remove_prefix(std::min(end + 1, head.size()));
  return line;
}

std::optional<Complaint> read_headers(std::string_view lines, RequestHead& head,
                                      FramingHeaders& framing) {
  head.headers.reserve(12);
  for (std::string_view line = take_line(lines); !line.empty(); line = take_line(lines)) {
    const auto field = read_field_line(line);
    if (!field) {
      return field.error();
    }
    if (is_framing_in_disguise(field->first)) {
      return "a header is a Content-Length or Transfer-Encoding with an underscore; write a hyphen";
    }
    framing.record(field->first, field->second);
    head.headers.push_back(*field);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Complaint> complaint_about_request_line(std::string_view line) {
  const auto read = read_request_line(line);
  return read ? std::nullopt : std::optional(read.error());
}

tl::expected<RequestHead, HeadRefusal> read_request_head(std::string_view text) {
  const auto line = read_request_line(take_line(text));
  if (!line) {
    return malformed(line.error());
  }
  RequestHead head;
  head.method = line->method;
  head.http_1_0 = line->http_1_0;
  if (const auto complaint = read_target(line->target, head)) {
    return malformed(*complaint);
  }
  FramingHeaders framing;
  if (const auto complaint = read_headers(text, head, framing)) {
    return malformed(*complaint);
  }
  if (const auto complaint = read_host(framing, head)) {
    return malformed(*complaint);
  }
  if (const auto complaint = read_body_length(framing, head)) {
    return unclear_length(*complaint);
  }
  head.keeps_open = !framing.close && (!head.http_1_0 || framing.keep_alive);
  head.awaits_continue = framing.expects_continue && !head.http_1_0 && head.has_body();
  return head;
}

}  // namespace vsim::api
