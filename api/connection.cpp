#include "api/connection.h"

#include <algorithm>
#include <charconv>

#include "schema/http/write_requests.h"

namespace vsim::api {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t out_bytes_max = 256 * 1024;       // beyond that it is sent in pieces
constexpr std::size_t chunk_line_characters_max = 256;  // a size with its extensions, or a trailer
constexpr std::size_t trailers_max = 32;
constexpr std::size_t linger_bytes_max = 4 * 1024 * 1024;
constexpr std::chrono::seconds linger_seconds_max{2};
constexpr std::chrono::seconds linger_silence_seconds_max{1};

std::optional<std::uint64_t> read_number(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

Connection::Connection(Transport& transport) : transport_(transport) {
  head_.reserve(1024);
  out_.reserve(2048);
}

Connection::Got Connection::fill(Transport::Time until) {
  if (!out_.empty() && !flush()) {  // the client may wait for "100 Continue"
    return Got::end;
  }
  begin_ = end_ = 0;
  const auto received = transport_.receive(buffer_.data(), buffer_.size(), until);
  end_ = received.bytes;
  return received.state;
}

/// However steadily the bytes trickle in, the request has its time and no more.
Connection::Got Connection::fill_within_request() {
  const auto now = Clock::now();
  const auto end = began_ + request_seconds_max;
  return now < end ? fill(std::min(now + idle_seconds_max, end)) : Got::late;
}

Transport::State Connection::wait_for_request(Transport::Time until) {
  head_.clear();
  in_head_ = true;
  head_fault_.reset();
  answer_until_.reset();
  do {
    if (begin_ == end_) {
      const Got got = fill(until);
      if (got != Got::some) {
        return got;
      }
    }
    // Some clients send an empty line behind a body; RFC 9112 asks to overlook it.
    while (begin_ < end_ && (buffer_[begin_] == '\r' || buffer_[begin_] == '\n')) {
      ++begin_;
    }
  } while (begin_ == end_);
  began_ = Clock::now();
  return Got::some;
}

// The library reads the head byte by byte. After a fault it gets the end of a line, so that it
// comes to the point of answering, and then nothing more.
ssize_t Connection::read(char* into, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  if (head_fault_) {
    return -1;
  }
  if (begin_ == end_) {
    const Got got = fill_within_request();
    if (got != Got::some) {
      head_fault_ = Fault::incomplete;
    }
    if (got == Got::end) {
      return 0;
    }
  }
  if (in_head_ && head_.size() >= head_bytes_max) {
    head_fault_ = Fault::head_too_large;
  }
  if (head_fault_) {
    *into = '\n';
    return 1;
  }
  const std::size_t count = std::min(size, end_ - begin_);
  std::copy_n(buffer_.data() + begin_, count, into);
  begin_ += count;
  if (in_head_) {
    head_.append(into, count);
  }
  return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* from, std::size_t size) {
  out_.append(from, size);
  if (out_.size() > out_bytes_max && !flush()) {
    return -1;
  }
  return static_cast<ssize_t>(size);
}

bool Connection::flush() {
  if (!answer_until_) {
    answer_until_ = Clock::now() + send_seconds_max;
  }
  const bool all = out_.empty() || transport_.send(out_, *answer_until_);
  out_.clear();
  return all;
}

void Connection::linger() {
  flush();
  transport_.end_sending();
  const auto until = Clock::now() + linger_seconds_max;
  std::size_t total = 0;
  while (Clock::now() < until && total < linger_bytes_max &&
         fill(Clock::now() + linger_silence_seconds_max) == Got::some) {
    total += end_ - begin_;
  }
}

bool Connection::take_byte(char& byte) {
  if (begin_ == end_ && fill_within_request() != Got::some) {
    return false;
  }
  byte = buffer_[begin_++];
  return true;
}

bool Connection::take_bytes(std::string& into, std::size_t count) {
  while (count > 0) {
    if (begin_ == end_ && fill_within_request() != Got::some) {
      return false;
    }
    const std::size_t some = std::min(count, end_ - begin_);
    into.append(buffer_.data() + begin_, some);
    begin_ += some;
    count -= some;
  }
  return true;
}

/// Without its end of line. What is longer than `most` is no line of ours.
std::optional<Fault> Connection::take_line(std::string& line, std::size_t most) {
  line.clear();
  for (char byte = 0; take_byte(byte);) {
    if (byte == '\n') {
      if (!line.empty() && line.back() == '\r') {
        line.pop_back();
      }
      return std::nullopt;
    }
    line += byte;
    if (line.size() > most) {
      return Fault::malformed_body;
    }
  }
  return Fault::incomplete;
}

std::optional<Fault> Connection::take_sized_body(std::string_view length, std::string& body) {
  const auto bytes = read_number(length, 10);
  if (!bytes) {
    return Fault::malformed_body;
  }
  if (*bytes > http::body_bytes_max) {
    return Fault::body_too_large;
  }
  if (!take_bytes(body, static_cast<std::size_t>(*bytes))) {
    return Fault::incomplete;
  }
  return std::nullopt;
}

std::optional<Fault> Connection::take_chunked_body(std::string& body) {
  std::string line;
  while (true) {
    if (const auto fault = take_line(line, chunk_line_characters_max)) {
      return fault;
    }
    const auto bytes =
        read_number(std::string_view(line).substr(0, line.find_first_of("; \t")), 16);
    if (!bytes) {
      return Fault::malformed_body;
    }
    if (*bytes > http::body_bytes_max - body.size()) {
      return Fault::body_too_large;
    }
    if (*bytes == 0) {
      break;
    }
    if (!take_bytes(body, static_cast<std::size_t>(*bytes))) {
      return Fault::incomplete;
    }
    if (const auto fault = take_line(line, 1)) {
      return fault;
    }
    if (!line.empty()) {
      return Fault::malformed_body;
    }
  }
  for (std::size_t trailers = 0; trailers <= trailers_max; ++trailers) {
    if (const auto fault = take_line(line, chunk_line_characters_max)) {
      return fault;
    }
    if (line.empty()) {
      return std::nullopt;
    }
  }
  return Fault::malformed_body;
}

void Connection::take_rest(HttpRequest& request) {
  in_head_ = false;
  request.head = std::move(head_);
  request.headers = split_headers(request.head);
  const bool sized = request.has_header("Content-Length");
  if (request.has_header("Transfer-Encoding")) {
    // With both, or with another encoding, two readers could disagree where the request ends.
    const std::string encoding = request.joined_header("Transfer-Encoding");
    request.fault = sized || !equal_ignoring_case(encoding, "chunked")
                        ? Fault::malformed_body
                        : take_chunked_body(request.body);
  } else if (sized) {
    request.fault = take_sized_body(request.joined_header("Content-Length"), request.body);
  }
  answer_until_.reset();  // what may have been sent was "100 Continue"
}

}  // namespace vsim::api
