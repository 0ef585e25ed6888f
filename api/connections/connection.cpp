#include "api/connections/connection.h"

#include <algorithm>

#include "schema/http/write_requests.h"

namespace vsim::api {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t chunk_line_characters_max = 256;  // a size with its extensions, or a trailer
constexpr std::size_t trailers_max = 32;
constexpr std::size_t linger_bytes_max = 4 * 1024 * 1024;
constexpr std::chrono::seconds linger_seconds_max{2};
constexpr std::chrono::seconds linger_silence_seconds_max{1};
constexpr std::string_view line_end = "\r\n";

tl::unexpected<HeadRefusal> refused(Fault fault, Complaint complaint = "") {
  return tl::unexpected(HeadRefusal{fault, complaint});
}

}  // namespace

Connection::Connection(Transport& transport) : transport_(transport) {}

Connection::Got Connection::fill(Transport::Time until) {
  begin_ = end_ = 0;
  const auto received = transport_.receive(buffer_.data(), buffer_.size(), until);
  end_ = received.bytes;
  return received.state;
}

/// Bounded by the time of the whole request, however steadily single bytes arrive.
Connection::Got Connection::fill_within_request() {
  const auto now = Steady::now();
  const auto end = began_ + request_seconds_max;
  return now < end ? fill(std::min(now + idle_seconds_max, end)) : Got::late;
}

/// Some clients send an empty line behind a body; a server should ignore it (RFC 9112, 2.2).
void Connection::skip_empty_lines() {
  while (end_ - begin_ >= line_end.size() &&
         std::string_view(buffer_.data() + begin_, line_end.size()) == line_end) {
    begin_ += line_end.size();
  }
}

Transport::State Connection::wait_for_request(Transport::Time until) {
  do {
    if (!has_received()) {
      const Got got = fill(until);
      if (got != Got::some) {
        return got;
      }
    }
    skip_empty_lines();
  } while (!has_received());
  began_ = Steady::now();
  return Got::some;
}

std::string_view Connection::take_to_line_end() {
  const std::string_view received(buffer_.data() + begin_, end_ - begin_);
  const std::string_view taken = received.substr(0, received.find('\n'));
  const std::size_t count = std::min(taken.size() + 1, received.size());
  begin_ += count;
  return received.substr(0, count);
}

tl::expected<std::string, HeadRefusal> Connection::take_head() {
  std::string head;
  head.reserve(1024);
  std::size_t line = 0;  // where it begins
  while (true) {
    if (!has_received() && fill_within_request() != Got::some) {
      return refused(Fault::incomplete);
    }
    head += take_to_line_end();
    const std::size_t length = head.size() - line;
    if (head.size() > head_bytes_max || length > head_line_bytes_max + line_end.size()) {
      return refused(Fault::head_too_large);
    }
    if (head.back() != '\n') {
      continue;
    }
    if (!head.ends_with(line_end)) {
      return refused(Fault::malformed_head, "a line ends with LF alone; end lines with CR LF");
    }
    if (length == line_end.size()) {
      if (line > 0) {
        return head;
      }
      head.clear();  // its CR came before its LF did
      continue;
    }
    if (line == 0 && !has_received()) {
      if (const auto complaint =
              complaint_about_request_line(std::string_view(head).substr(0, length - 2))) {
        return refused(Fault::malformed_head, *complaint);
      }
    }
    line = head.size();
  }
}

bool Connection::send(std::string_view answer) {
  return transport_.send(answer, Steady::now() + send_seconds_max);
}

void Connection::linger() {
  transport_.end_sending();
  const auto until = Steady::now() + linger_seconds_max;
  std::size_t total = 0;
  while (Steady::now() < until && total < linger_bytes_max &&
         fill(Steady::now() + linger_silence_seconds_max) == Got::some) {
    total += end_ - begin_;
  }
}

bool Connection::take_byte(char& byte) {
  if (!has_received() && fill_within_request() != Got::some) {
    return false;
  }
  byte = buffer_[begin_++];
  return true;
}

bool Connection::take_bytes(std::string& into, std::size_t count) {
  while (count > 0) {
    if (!has_received() && fill_within_request() != Got::some) {
      return false;
    }
    const std::size_t some = std::min(count, end_ - begin_);
    into.append(buffer_.data() + begin_, some);
    begin_ += some;
    count -= some;
  }
  return true;
}

/// A line without its end, of at most `most` bytes.
std::optional<Fault> Connection::take_line(std::string& line, std::size_t most) {
  line.clear();
  for (char byte = 0; take_byte(byte);) {
    if (byte == '\n') {
      if (line.empty() || line.back() != '\r') {
        return Fault::malformed_body;
      }
      line.pop_back();
      return std::nullopt;
    }
    line += byte;
    if (line.size() > most + 1) {
      return Fault::malformed_body;
    }
  }
  return Fault::incomplete;
}

/// The line end behind a chunk's bytes.
std::optional<Fault> Connection::take_chunk_end() {
  for (const char expected : line_end) {
    char byte = 0;
    if (!take_byte(byte)) {
      return Fault::incomplete;
    }
    if (byte != expected) {
      return Fault::malformed_body;
    }
  }
  return std::nullopt;
}

std::optional<Fault> Connection::take_chunks(std::string& body) {
  std::string line;
  while (true) {
    if (const auto fault = take_line(line, chunk_line_characters_max)) {
      return fault;
    }
    const auto bytes = read_chunk_size(line);
    if (!bytes) {
      return Fault::malformed_body;
    }
    if (*bytes > http::body_bytes_max - body.size()) {
      return Fault::body_too_large;
    }
    if (*bytes == 0) {
      return take_trailers();
    }
    if (!take_bytes(body, static_cast<std::size_t>(*bytes))) {
      return Fault::incomplete;
    }
    if (const auto fault = take_chunk_end()) {
      return fault;
    }
  }
}

/// Trailers must have the form of headers; they are not used.
std::optional<Fault> Connection::take_trailers() {
  std::string line;
  for (std::size_t trailers = 0; trailers <= trailers_max; ++trailers) {
    if (const auto fault = take_line(line, chunk_line_characters_max)) {
      return fault;
    }
    if (line.empty()) {
      return std::nullopt;
    }
    if (!read_field_line(line)) {
      return Fault::malformed_body;
    }
  }
  return Fault::malformed_body;
}

tl::expected<std::string, Fault> Connection::take_body(const RequestHead& head) {
  if (head.body_bytes > http::body_bytes_max) {
    return tl::unexpected(Fault::body_too_large);
  }
  if (head.awaits_continue && !send("HTTP/1.1 100 Continue\r\n\r\n")) {
    return tl::unexpected(Fault::incomplete);
  }
  std::string body;
  if (head.chunked) {
    if (const auto fault = take_chunks(body)) {
      return tl::unexpected(*fault);
    }
  } else if (!take_bytes(body, static_cast<std::size_t>(head.body_bytes))) {
    return tl::unexpected(Fault::incomplete);
  }
  return body;
}

}  // namespace vsim::api
