#pragma once

// The HTTP server: listens, hands every request to one function and sends the answer. Knows no
// route.

#include <functional>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "api/connections/http_exchange.h"
#include "api/connections/transport.h"
#include "ops/process/settings.h"
#include "ops/telemetry/metrics.h"

namespace vsim::api {

/// Threads that wait a moment for their client's next request; others give the connection back at
/// once.
inline constexpr std::size_t staying_threads_max = 64;

struct HttpServerOptions {
  process::ListenAddress address;
  std::size_t connections_max = 512;  // open at once; beyond that a client is answered 503
  // Makes what a connection's bytes go through; called on the connection's thread.
  std::function<std::unique_ptr<Transport>(int socket)> make_transport = make_plain_transport;
  bool encrypted = false;  // refused clients get no answer: it would take a handshake
};

class HttpServer {
 public:
  /// Called from many threads at once.
  using Handler = HttpExchange::Handler;

  /// Listens until destroyed. The error says why the address cannot be listened on.
  static tl::expected<std::unique_ptr<HttpServer>, std::string> start(
      const HttpServerOptions& options, telemetry::Metrics& metrics, Handler handler);

  /// Takes no more requests and returns when those in hand are answered.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vsim::api
