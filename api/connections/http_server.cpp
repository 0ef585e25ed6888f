#include "api/connections/http_server.h"

#include <atomic>

#include "api/connections/connection.h"
#include "api/connections/connection_keeper.h"
#include "api/connections/listening_socket.h"

namespace vsim::api {
namespace {

using Steady = std::chrono::steady_clock;

/// How long a thread stays with a client after an answer: the next request of a busy client then
/// needs no epoll and no hand-over.
constexpr std::chrono::milliseconds stay_max{10};

/// Counts the threads that stay, for as long as it lives.
class Stay {
 public:
  explicit Stay(std::atomic<std::size_t>& count) : count_(count), place_(count.fetch_add(1)) {}
  ~Stay() { count_.fetch_sub(1); }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;

  Steady::time_point until() const {
    return Steady::now() + (place_ < staying_threads_max ? stay_max : Steady::duration(0));
  }

 private:
  std::atomic<std::size_t>& count_;
  std::size_t place_;
};

}  // namespace

struct HttpServer::Impl {
  Impl(Descriptor listening, const HttpServerOptions& options, telemetry::Metrics& metrics,
       Handler handler)
      : make_transport(options.make_transport),
        exchange(std::move(handler)),
        refused(metrics.counter("vsim_http_connections_refused_total",
                                "Connections closed at once: as many as allowed were open")),
        encrypted(options.encrypted),
        keeper(std::move(listening), {.connections_max = options.connections_max,
                                      .serve = [this](Client& client) { return serve(client); },
                                      .refusal = [this] { return refusal(); }}) {
    const auto open = metrics.gauge("vsim_http_connections", "Connections that are open");
    metrics.on_collect([open, this] { open.set(static_cast<double>(keeper.open())); });
  }

  /// Serves the client until it is idle (true), or is to be closed (false).
  bool serve(Client& client) {
    if (!client.transport) {
      auto transport = make_transport(client.socket.number());
      if (!transport->open(Steady::now() + request_seconds_max)) {
        return false;
      }
      client.transport = std::move(transport);
    }
    Connection connection(*client.transport);
    while (true) {
      switch (next_request(connection)) {
        case Transport::State::late:
          if (client.transport->has_buffered()) {
            continue;  // epoll watches the socket and would not see these bytes
          }
          return true;
        case Transport::State::end:
          return false;
        case Transport::State::some:
          break;
      }
      const auto served = exchange.serve_one(connection, client.peer, keeper.stopping());
      if (served.take_over) {
        served.take_over(keeper.release(client));
      }
      if (!served.open) {
        return false;
      }
      client.silent_since = Steady::now();
    }
  }

  /// Empty with TLS: a handshake would cost what the limit is there to save.
  std::string refusal() {
    refused.add();
    const std::string text = exchange.answer_to_fault(Fault::no_room);
    return encrypted ? std::string() : text;
  }

  Transport::State next_request(Connection& connection) {
    const Stay stay(staying);
    return connection.wait_for_request(stay.until());
  }

  const decltype(HttpServerOptions::make_transport) make_transport;
  HttpExchange exchange;
  telemetry::Counter refused;
  const bool encrypted;
  std::atomic<std::size_t> staying{0};
  ConnectionKeeper keeper;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

tl::expected<std::unique_ptr<HttpServer>, std::string> HttpServer::start(
    const HttpServerOptions& options, telemetry::Metrics& metrics, Handler handler) {
  auto listening = listen_on(options.address);
  if (!listening) {
    return tl::unexpected(listening.error());
  }
  return std::unique_ptr<HttpServer>(new HttpServer(
      std::make_unique<Impl>(std::move(*listening), options, metrics, std::move(handler))));
}

}  // namespace vsim::api
