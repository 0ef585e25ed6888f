#include "tests/harness/http_client.h"

#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/loopback.h"
#include "tests/harness/standing_headers.h"

namespace harness {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::size_t parse_number(std::string_view text, int base) {
  std::size_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (result.ec != std::errc{}) {
    throw Unreachable(fmt::format("the answer holds '{}' where a number belongs", text));
  }
  return number;
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) {
      return value;
    }
  }
  return {};
}

std::string HttpAnswer::code() const {
  try {
    return json()["code"].text();
  } catch (const JsonError&) {
    return {};
  }
}

HttpClient::HttpClient(std::uint16_t port, std::chrono::milliseconds timeout,
                       std::optional<TlsOptions> tls)
    : port_(port), timeout_(timeout), tls_options_(std::move(tls)) {}

HttpClient::~HttpClient() { close(); }

HttpClient::HttpClient(HttpClient&& other) noexcept
    : port_(other.port_),
      timeout_(other.timeout_),
      tls_options_(std::move(other.tls_options_)),
      socket_(std::exchange(other.socket_, -1)),
      tls_(std::move(other.tls_)),
      buffer_(std::move(other.buffer_)) {}

HttpAnswer HttpClient::get(const std::string& path, const HttpHeaders& headers) {
  return request("GET", path, {}, headers);
}

HttpAnswer HttpClient::post(const std::string& path, const std::string& body,
                            const HttpHeaders& headers) {
  return request("POST", path, body, headers);
}

HttpAnswer HttpClient::del(const std::string& path, const HttpHeaders& headers) {
  return request("DELETE", path, {}, headers);
}

HttpAnswer HttpClient::request(const std::string& method, const std::string& path,
                               const std::string& body, const HttpHeaders& headers) {
  std::string bytes = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", method, path, port_);
  for (const auto& [name, value] : StandingHeaders::current()) {
    bytes += fmt::format("{}: {}\r\n", name, value);
  }
  bool typed = false;
  for (const auto& [name, value] : headers) {
    typed = typed || same_name(name, "Content-Type");
    bytes += fmt::format("{}: {}\r\n", name, value);
  }
  if (!body.empty() && !typed) {
    bytes += "Content-Type: application/json\r\n";
  }
  if (!body.empty() || method == "POST" || method == "PUT") {
    bytes += fmt::format("Content-Length: {}\r\n", body.size());
  }
  head_request_ = method == "HEAD";
  HttpAnswer answer = raw(bytes + "\r\n" + body);
  head_request_ = false;
  return answer;
}

HttpAnswer HttpClient::raw(std::string_view bytes) {
  try {
    send_only(bytes);
  } catch (const Unreachable&) {
    // A server may refuse a request before it has read all of it: its answer counts.
    if (socket_ < 0) {
      throw;
    }
  }
  return next_answer();
}

HttpAnswer HttpClient::next_answer() {
  HttpAnswer answer = read_answer();
  if (same_name(answer.header("Connection"), "close")) {
    close();
  }
  return answer;
}

std::string HttpClient::first_line() {
  close();
  buffer_.clear();
  connect();
  return read_line();
}

void HttpClient::send_only(std::string_view bytes) {
  drop_if_closed_by_peer();
  if (socket_ < 0) {
    connect();
  }
  buffer_.clear();
  send_all(bytes);
}

void HttpClient::close() {
  tls_.reset();
  if (socket_ >= 0) {
    ::close(socket_);
  }
  socket_ = -1;
}

void HttpClient::connect() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port_);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int reason = errno;
    close();
    throw Unreachable(fmt::format("connect to port {}: {}", port_, std::strerror(reason)));
  }
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (tls_options_) {
    const timeval patience{timeout_.count() / 1000, timeout_.count() % 1000 * 1000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    try {
      tls_ = std::make_unique<TlsStream>(socket_, *tls_options_);
    } catch (const std::runtime_error& error) {
      close();
      throw Unreachable(fmt::format("port {}: {}", port_, error.what()));
    }
  }
}

const TlsStream& HttpClient::tls() {
  if (socket_ < 0) {
    connect();
  }
  return *tls_;
}

// A server closes idle connections; found out before the request, sending it elsewhere is safe.
void HttpClient::drop_if_closed_by_peer() {
  if (socket_ < 0) {
    return;
  }
  if (tls_) {
    if (tls_->ended()) {
      close();
    }
    return;
  }
  char byte = 0;
  const ssize_t got = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
    close();
  }
}

void HttpClient::send_all(std::string_view bytes) {
  if (tls_) {
    try {
      tls_->send(bytes);
    } catch (const std::runtime_error& error) {
      throw Unreachable(fmt::format("send to port {}: {}", port_, error.what()));
    }
    return;
  }
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      throw Unreachable(fmt::format("send to port {}: {}", port_, std::strerror(errno)));
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

HttpAnswer HttpClient::read_answer() {
  try {
    HttpAnswer answer;
    do {
      answer = {};
      const std::string status_line = read_line();
      if (status_line.size() < 12 || status_line.compare(0, 7, "HTTP/1.") != 0) {
        throw Unreachable(fmt::format("no HTTP answer: '{}'", status_line));
      }
      answer.status = static_cast<int>(parse_number(status_line.substr(9, 3), 10));
      for (std::string line = read_line(); !line.empty(); line = read_line()) {
        const std::size_t colon = line.find(':');
        const std::size_t value = line.find_first_not_of(' ', colon + 1);
        answer.headers.emplace_back(
            line.substr(0, colon), value == std::string::npos ? std::string{} : line.substr(value));
      }
    } while (answer.status == 100);
    read_body(answer);
    return answer;
  } catch (const Unreachable&) {
    close();
    throw;
  }
}

void HttpClient::read_body(HttpAnswer& answer) {
  if (answer.status == 204 || answer.status == 304 || head_request_) {
    return;
  }
  if (same_name(answer.header("Transfer-Encoding"), "chunked")) {
    for (std::size_t size = parse_number(read_line(), 16); size > 0;
         size = parse_number(read_line(), 16)) {
      answer.body += read_exactly(size);
      read_line();
    }
    read_line();
    return;
  }
  const std::string length = answer.header("Content-Length");
  if (!length.empty()) {
    answer.body = read_exactly(parse_number(length, 10));
    return;
  }
  while (fill()) {
  }
  answer.body = std::exchange(buffer_, {});
  close();
}

std::string HttpClient::read_line() {
  std::size_t end = buffer_.find("\r\n");
  while (end == std::string::npos) {
    if (!fill()) {
      throw Unreachable(fmt::format("port {} closed the connection within an answer", port_));
    }
    end = buffer_.find("\r\n");
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

std::string HttpClient::read_exactly(std::size_t count) {
  while (buffer_.size() < count) {
    if (!fill()) {
      throw Unreachable(fmt::format("port {} closed the connection within a body", port_));
    }
  }
  std::string taken = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return taken;
}

bool HttpClient::fill() {
  char bytes[16384];
  if (tls_) {
    try {
      const std::size_t got = tls_->receive(bytes, sizeof bytes);
      buffer_.append(bytes, got);
      return got > 0;
    } catch (const std::runtime_error& error) {
      throw Unreachable(fmt::format("receive from port {}: {}", port_, error.what()));
    }
  }
  pollfd waiting{socket_, POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(timeout_.count())) == 0) {
    throw Unreachable(fmt::format("port {}: no answer within {} ms", port_, timeout_.count()));
  }
  const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
  if (got < 0) {
    throw Unreachable(fmt::format("receive from port {}: {}", port_, std::strerror(errno)));
  }
  buffer_.append(bytes, static_cast<std::size_t>(got));
  return got > 0;
}

}  // namespace harness
