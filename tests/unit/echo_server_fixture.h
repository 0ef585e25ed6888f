#pragma once

// An HTTP server that answers with what it has parsed, and clients on raw sockets.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "api/connections/http_server.h"

namespace vsim::api {

/// Answers with method, path and body length, or the fault's number. A request for /refuse is
/// answered without reading its body. An answer to /endless has no length; whoever takes the
/// connection over sends "and on" and closes it.
class EchoServer {
 public:
  /// `meanwhile` runs before each answer to a request without fault.
  explicit EchoServer(std::size_t connections_max = 64, std::function<void()> meanwhile = [] {});

  std::uint16_t port() const { return port_; }
  void stop() { server_.reset(); }
  int requests() const { return requests_; }  // that have come in
  std::string metrics() const { return metrics_.text(); }

 private:
  std::uint16_t port_;
  std::atomic<int> requests_{0};
  telemetry::Metrics metrics_;
  std::unique_ptr<HttpServer> server_;
};

/// One connection. Each read waits 10 s at most.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(const std::string& text);
  void end();  // of what it sends

  /// The body of the next answer; empty when there is none.
  std::string answer();
  std::string ask(const std::string& text) {
    send(text);
    return answer();
  }
  /// All until the other side closes.
  std::string rest();
  std::string all(const std::string& text) {
    send(text);
    return rest();
  }
  /// The next bytes as they came.
  std::string bytes(std::size_t count);
  bool closed_by_server();  // now, with nothing more to read

 private:
  bool receive();

  int socket_;
  bool connected_ = false;
  std::string received_;
};

}  // namespace vsim::api
