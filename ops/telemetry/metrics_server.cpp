#include "ops/telemetry/metrics_server.h"

#include <cerrno>
#include <cstring>
#include <thread>

#include <httplib.h>

#include "ops/telemetry/prompt_readiness.h"

namespace vsim::telemetry {
namespace {

constexpr std::size_t threads = 4;
constexpr std::size_t request_bytes_max = 4096;

void no_reuse_of_ports(int socket) {
  // The library's default, SO_REUSEPORT, would let two processes share one address in silence.
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

void route(httplib::Server& server, Metrics& metrics, PromptReadiness& readiness) {
  server.Get("/metrics", [&metrics](const httplib::Request&, httplib::Response& response) {
    response.set_content(metrics.text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("{\"status\":\"ok\"}\n", "application/json");
  });
  server.Get("/readyz", [&readiness](const httplib::Request&, httplib::Response& response) {
    const Readiness now = readiness.now();
    response.status = now.ready() ? 200 : 503;
    response.set_content(now.to_json(), "application/json");
  });
}

}  // namespace

struct MetricsServer::Impl {
  explicit Impl(std::function<Readiness()> examine) : readiness(std::move(examine)) {}
  PromptReadiness readiness;
  httplib::Server server;
  std::thread thread;
};

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

tl::expected<std::unique_ptr<MetricsServer>, std::string> MetricsServer::start(
    const std::string& host, std::uint16_t port, Metrics& metrics,
    std::function<Readiness()> readiness) {
  auto impl = std::make_unique<Impl>(std::move(readiness));
  httplib::Server& server = impl->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
  server.set_payload_max_length(request_bytes_max);
  server.set_keep_alive_max_count(1);  // scrapers come every few seconds; no thread waits for them
  server.set_read_timeout(2);
  server.set_write_timeout(2);
  server.set_tcp_nodelay(true);
  server.set_socket_options(no_reuse_of_ports);
  route(server, metrics, impl->readiness);

  errno = 0;
  if (!server.bind_to_port(host, port)) {
    const std::string why = errno != 0 ? std::strerror(errno) : "no such address here";
    return tl::unexpected("METRICS_ADDR: cannot listen on " + host + " port " +
                          std::to_string(port) + ": " + why + "; is another process there?");
  }
  impl->thread = std::thread([&server] { server.listen_after_bind(); });
  while (!server.is_running()) {
    std::this_thread::yield();  // stop() before that would be lost
  }
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl)));
}

MetricsServer::~MetricsServer() {
  impl_->server.stop();
  impl_->thread.join();
}

}  // namespace vsim::telemetry
