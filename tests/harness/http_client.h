#pragma once

// An HTTP/1.1 client over one keep-alive connection, on a raw socket: a test sees the bytes of an
// answer as they arrived, and can send bytes that no library would send. Plain or over TLS,
// loopback only. Threads: one client belongs to one thread.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/harness/json.h"
#include "tests/harness/tls_stream.h"

namespace harness {

/// There is no connection, or it ended or timed out before the whole answer had arrived.
struct Unreachable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
  int status = 0;
  HttpHeaders headers;
  std::string body;

  /// A header's value, its name in any case; empty when absent.
  std::string header(std::string_view name) const;
  Json json() const { return Json::parse(body); }
  /// The `code` of a problem document; empty when the body holds none.
  std::string code() const;
};

class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port,
                      std::chrono::milliseconds timeout = std::chrono::seconds(75),
                      std::optional<TlsOptions> tls = std::nullopt);
  ~HttpClient();
  HttpClient(HttpClient&& other) noexcept;
  HttpClient& operator=(HttpClient&&) = delete;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpAnswer get(const std::string& path, const HttpHeaders& headers = {});
  HttpAnswer post(const std::string& path, const std::string& body,
                  const HttpHeaders& headers = {});  // Content-Type application/json unless given
  HttpAnswer del(const std::string& path, const HttpHeaders& headers = {});
  HttpAnswer request(const std::string& method, const std::string& path,
                     const std::string& body = {}, const HttpHeaders& headers = {});

  /// Sends these bytes as they are and reads one answer.
  HttpAnswer raw(std::string_view bytes);

  /// The next answer on the connection, to a request that was sent together with the last one.
  HttpAnswer next_answer();

  /// Sends without reading: for a caller that disconnects before the answer.
  void send_only(std::string_view bytes);

  /// Connects and reads one line, such as the greeting of a server of another protocol.
  std::string first_line();

  /// Whether the last answer left the connection open.
  bool connected() const { return socket_ >= 0; }
  void close();

  /// The TLS stream of the open connection; opens one if there is none. Only with TLS.
  const TlsStream& tls();

 private:
  void connect();
  void send_all(std::string_view bytes);
  void drop_if_closed_by_peer();
  HttpAnswer read_answer();
  void read_body(HttpAnswer& answer);
  std::string read_line();
  std::string read_exactly(std::size_t count);
  bool fill();  // false at the end of the stream

  std::uint16_t port_;
  std::chrono::milliseconds timeout_;
  std::optional<TlsOptions> tls_options_;
  int socket_ = -1;
  std::unique_ptr<TlsStream> tls_;  // over the socket
  bool head_request_ = false;
  std::string buffer_;
};

}  // namespace harness
