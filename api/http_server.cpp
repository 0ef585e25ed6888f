#include "api/http_server.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>

#include <httplib.h>
#include <sys/socket.h>

#include "api/connection.h"
#include "api/connection_threads.h"

namespace vsim::api {
namespace {

constexpr int backlog = 1024;  // the library's 5 would drop connections that come in a burst

/// A connection as the library wants it.
class LibraryStream : public httplib::Stream {
 public:
  explicit LibraryStream(Connection& connection) : connection_(connection) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* into, std::size_t size) override { return connection_.read(into, size); }
  ssize_t write(const char* from, std::size_t size) override {
    return connection_.write(from, size);
  }
  // Two system calls a request, for what nothing asks.
  void get_remote_ip_and_port(std::string& ip, int& port) const override { forget(ip, port); }
  void get_local_ip_and_port(std::string& ip, int& port) const override { forget(ip, port); }
  // Asked for only to refuse what select() cannot hold, which is not used here.
  socket_t socket() const override { return 0; }

 private:
  static void forget(std::string& ip, int& port) {
    ip.clear();
    port = 0;
  }
  Connection& connection_;
};

/// The threads as the library wants them, which owns this and not them.
class LibraryTasks : public httplib::TaskQueue {
 public:
  explicit LibraryTasks(ConnectionThreads& threads) : threads_(threads) {}
  // void in the library's older versions, bool in its newer ones
  using Taken = decltype(std::declval<httplib::TaskQueue&>().enqueue(nullptr));
  Taken enqueue(std::function<void()> task) override {
    threads_.serve_soon(std::move(task));
    return static_cast<Taken>(true);
  }
  void shutdown() override { threads_.shutdown(); }

 private:
  ConnectionThreads& threads_;
};

/// The connection that this thread serves: the library's callbacks do not tell.
thread_local Connection* served = nullptr;
thread_local std::optional<telemetry::IpAddress> served_peer;
thread_local bool answered = false;

/// The address at the other end; nothing when that is gone already.
std::optional<telemetry::IpAddress> peer_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return std::nullopt;
  }
  return telemetry::IpAddress::of(reinterpret_cast<const sockaddr&>(address));
}

void own_address(int socket) {
  // The library's default, SO_REUSEPORT, would let two processes share one address in silence.
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

void give(httplib::Response& response, HttpResponse&& answer) {
  response.status = answer.status;
  if (!answer.body.empty()) {
    response.body = std::move(answer.body);
    response.set_header("Content-Type", answer.content_type);
  }
  for (auto& [name, value] : answer.headers) {
    response.set_header(name, value);
  }
}

/// The open connections, so that those that wait for a request can be told that none will be taken.
class OpenSockets {
 public:
  void add(int socket) {
    const std::lock_guard lock(mutex_);
    sockets_.insert(socket);
    if (stopping_) {
      ::shutdown(socket, SHUT_RD);
    }
  }
  void remove(int socket) {
    const std::lock_guard lock(mutex_);
    sockets_.erase(socket);
  }
  void stop_reading() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int socket : sockets_) {
      ::shutdown(socket, SHUT_RD);
    }
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return sockets_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::set<int> sockets_;
  bool stopping_ = false;
};

class Engine : public httplib::Server {
 public:
  Engine(const HttpServerOptions& options, HttpServer::Handler handler)
      : handler_(std::move(handler)),
        make_transport_(options.make_transport),
        threads_(options.threads_max) {
    new_task_queue = [this] { return new LibraryTasks(threads_); };
    set_tcp_nodelay(true);
    set_socket_options(own_address);
    // Before the library's own routing, which goes by regular expressions.
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
      return HandlerResponse::Handled;
    });
    // Requests that the library refuses by itself come here only.
    set_error_handler(
        HandlerWithResponse([this](const httplib::Request& request, httplib::Response& response) {
          if (answered) {
            return HandlerResponse::Unhandled;
          }
          refuse(request, response);
          return HandlerResponse::Handled;
        }));
    set_post_routing_handler([](const httplib::Request& request, httplib::Response& response) {
      response.headers.erase("Keep-Alive");  // its `max` would not be true
      if (request.version == "HTTP/1.0" && !response.has_header("Connection")) {
        response.set_header("Connection", "keep-alive");
      }
    });
  }

  void widen_backlog() { ::listen(svr_sock_, backlog); }

  void stop_all() {
    stopping_ = true;
    stop();
    sockets_.stop_reading();
  }

  std::size_t connections() const { return sockets_.count(); }

 private:
  bool process_and_close_socket(socket_t socket) override {
    sockets_.add(socket);
    serve(socket);
    sockets_.remove(socket);
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return true;
  }

  void serve(int socket) {
    const auto transport = make_transport_(socket);
    if (!transport->open(std::chrono::steady_clock::now() + request_seconds_max)) {
      return;
    }
    Connection connection(*transport);
    LibraryStream stream(connection);
    served = &connection;
    served_peer = peer_of(socket);
    for (bool open = true; open && connection.wait_for_request();) {
      const bool last = stopping_ || threads_.crowded();
      bool client_closes = false;
      answered = close_after_ = false;
      open = process(*this, stream, last, client_closes) && connection.flush();
      if (close_after_) {
        connection.linger();
      }
      open = open && !last && !client_closes && !close_after_;
    }
    served = nullptr;
    transport->end_sending();
  }

  /// Newer versions of the library want the addresses too. `library` is always *this.
  template <typename Library>
  static bool process(Library& library, LibraryStream& stream, bool last, bool& client_closes) {
    const std::function<void(httplib::Request&)> setup = plain;
    if constexpr (requires { library.process_request(stream, last, client_closes, setup); }) {
      return library.process_request(stream, last, client_closes, setup);
    } else {
      return library.process_request(stream, "", 0, "", 0, last, client_closes, setup);
    }
  }

  /// Takes away what would make the library answer otherwise than we do: parts of documents, and
  /// compression, which costs more than it saves here.
  static void plain(httplib::Request& request) {
    request.ranges.clear();
    request.headers.erase("Accept-Encoding");
  }

  void answer(const httplib::Request& parsed, httplib::Response& response) {
    HttpRequest request;
    request.method = parsed.method;
    request.path = parsed.path;
    const std::size_t mark = parsed.target.find('?');
    if (mark != std::string::npos) {
      request.query = parsed.target.substr(mark + 1);
    }
    served->take_rest(request);
    answered = true;
    pass_on(request, response);
  }

  void refuse(const httplib::Request& parsed, httplib::Response& response) {
    HttpRequest request;
    request.method = parsed.method;
    const bool too_large = response.status == 414;
    request.fault =
        served->head_fault().value_or(too_large ? Fault::head_too_large : Fault::malformed_head);
    answered = true;
    pass_on(request, response);
  }

  void pass_on(HttpRequest& request, httplib::Response& response) {
    request.peer = served_peer;
    HttpResponse answer = handler_(request);
    close_after_ = answer.close;
    give(response, std::move(answer));
    if (close_after_) {
      response.set_header("Connection", "close");
    }
  }

  HttpServer::Handler handler_;
  const decltype(HttpServerOptions::make_transport) make_transport_;
  OpenSockets sockets_;
  std::atomic<bool> stopping_{false};
  ConnectionThreads threads_;
  static thread_local bool close_after_;
};

thread_local bool Engine::close_after_ = false;

}  // namespace

struct HttpServer::Impl {
  Impl(const HttpServerOptions& options, Handler handler) : engine(options, std::move(handler)) {}
  Engine engine;
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

tl::expected<std::unique_ptr<HttpServer>, std::string> HttpServer::start(
    const HttpServerOptions& options, telemetry::Metrics& metrics, Handler handler) {
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  Engine& engine = impl->engine;
  errno = 0;
  if (!engine.bind_to_port(options.address.host, options.address.port)) {
    const std::string why = errno != 0 ? std::strerror(errno) : "no such address here";
    return tl::unexpected("HTTP_ADDR: cannot listen on " + options.address.to_string() + ": " +
                          why + "; is another process there?");
  }
  engine.widen_backlog();
  const auto open = metrics.gauge("vsim_http_connections", "Connections that are open");
  metrics.on_collect([open, &engine] { open.set(static_cast<double>(engine.connections())); });
  impl->thread = std::thread([&engine] { engine.listen_after_bind(); });
  while (!engine.is_running()) {
    std::this_thread::yield();  // a stop() before that would be lost
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() {
  impl_->engine.stop_all();
  impl_->thread.join();
}

}  // namespace vsim::api
