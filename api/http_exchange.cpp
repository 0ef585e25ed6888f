#include "api/http_exchange.h"

#include <algorithm>

#include <httplib.h>

namespace vsim::api {
namespace {

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
  // Two system calls a request, for what is known already.
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

/// What this thread is at: the library's callbacks do not tell.
struct Exchange {
  Connection* connection = nullptr;
  std::optional<telemetry::IpAddress> peer;
  bool answered = false;
  bool close_after = false;
};
thread_local Exchange exchange;

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

}  // namespace

class HttpExchange::Library : public httplib::Server {
 public:
  explicit Library(HttpExchange::Handler handler) : handler_(std::move(handler)) {
    // Before the library's own routing, which goes by regular expressions.
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
      return HandlerResponse::Handled;
    });
    // Requests that the library refuses by itself come here only.
    set_error_handler(
        HandlerWithResponse([this](const httplib::Request& request, httplib::Response& response) {
          if (exchange.answered) {
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

  const HttpExchange::Handler& handler() const { return handler_; }

  bool serve_one(Connection& connection, bool last) {
    LibraryStream stream(connection);
    bool client_closes = false;
    const bool open = process(*this, stream, last, client_closes) && connection.flush();
    if (exchange.close_after) {
      connection.linger();
    }
    return open && !last && !client_closes && !exchange.close_after;
  }

 private:
  /// Newer versions of the library want the addresses too. `library` is always *this.
  template <typename AnyVersion>
  static bool process(AnyVersion& library, LibraryStream& stream, bool last, bool& client_closes) {
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
    exchange.connection->take_rest(request);
    pass_on(request, response);
  }

  void refuse(const httplib::Request& parsed, httplib::Response& response) {
    HttpRequest request;
    request.method = parsed.method;
    const bool too_large = response.status == 414;
    request.fault = exchange.connection->head_fault().value_or(too_large ? Fault::head_too_large
                                                                         : Fault::malformed_head);
    if (request.fault == Fault::malformed_head) {
      look_for_unknown_method(request);
    }
    pass_on(request, response);
  }

  /// The library takes the methods that it knows for all there are, and stops at the first line.
  static void look_for_unknown_method(HttpRequest& request) {
    const std::string_view head = exchange.connection->head();
    const auto line = read_request_line(head);
    if (line && std::count(head.begin(), head.end(), '\n') == 1) {
      request.method = line->method;
      request.path = line->path;
      request.fault = Fault::unknown_method;
    }
  }

  void pass_on(HttpRequest& request, httplib::Response& response) {
    exchange.answered = true;
    request.peer = exchange.peer;
    HttpResponse answer = handler_(request);
    exchange.close_after = answer.close;
    give(response, std::move(answer));
    if (exchange.close_after) {
      response.set_header("Connection", "close");
    }
  }

  HttpExchange::Handler handler_;
};

HttpExchange::HttpExchange(Handler handler)
    : library_(std::make_unique<Library>(std::move(handler))) {}

HttpExchange::~HttpExchange() = default;

bool HttpExchange::serve_one(Connection& connection,
                             const std::optional<telemetry::IpAddress>& peer, bool last) {
  exchange = {&connection, peer};
  return library_->serve_one(connection, last);
}

std::string HttpExchange::answer_to_fault(Fault fault) const {
  HttpRequest request;
  request.fault = fault;
  const HttpResponse answer = library_->handler()(request);
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) +
                     " \r\nConnection: close\r\nContent-Type: " + answer.content_type +
                     "\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n";
  for (const auto& [name, value] : answer.headers) {
    text += name + ": " + value + "\r\n";
  }
  return text + "\r\n" + answer.body;
}

}  // namespace vsim::api
