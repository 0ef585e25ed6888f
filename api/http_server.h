#pragma once

// The HTTP side as sockets: listens, holds one thread for each connection, hands every request to
// one function and sends what that answers. Knows no route.

#include <functional>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "api/http_message.h"
#include "api/transport.h"
#include "ops/telemetry/metrics.h"
#include "ops/telemetry/settings.h"

namespace vsim::api {

struct HttpServerOptions {
  telemetry::ListenAddress address;
  std::size_t threads_max = 512;  // connections served at once; more wait for a free thread
  // What a connection's bytes go through; called by its own thread.
  std::function<std::unique_ptr<Transport>(int socket)> make_transport = make_plain_transport;
};

class HttpServer {
 public:
  /// Must answer every request, also those with a fault, and should not throw. Called from many
  /// threads at once; may block.
  using Handler = std::function<HttpResponse(HttpRequest&)>;

  /// Listens until destroyed. The error says why the address cannot be listened on.
  static tl::expected<std::unique_ptr<HttpServer>, std::string> start(
      const HttpServerOptions& options, telemetry::Metrics& metrics, Handler handler);

  /// Takes no more requests, lets those in hand be answered, and returns when all are.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vsim::api
