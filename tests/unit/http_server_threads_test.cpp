// Goal: whatever a client sends, it is answered and the next request on its connection is read
// where it begins; many are served at once; the end of the server waits for what is in hand.
// Method: a server that echoes what it understood, and raw sockets.

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/http_server.h"
#include "schema/http/write_requests.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  REQUIRE(bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(socket);
  return ntohs(address.sin_port);
}

/// A server whose answers tell method, path and body length, or the fault's number.
class EchoServer {
 public:
  explicit EchoServer(std::size_t threads_max = 64, std::chrono::milliseconds pause = 0ms)
      : port_(free_port()) {
    auto started = HttpServer::start(
        {{"127.0.0.1", port_}, threads_max}, metrics_, [this, pause](HttpRequest& in) {
          ++requests_;
          std::this_thread::sleep_for(pause);
          HttpResponse out;
          out.close = in.fault.has_value();
          out.status = in.fault ? 400 : 200;
          out.body = in.fault ? "fault " + std::to_string(static_cast<int>(*in.fault))
                              : in.method + " " + in.path + " " + std::to_string(in.body.size());
          return out;
        });
    REQUIRE(started);
    server_ = std::move(*started);
  }
  std::uint16_t port() const { return port_; }
  void stop() { server_.reset(); }
  int requests() const { return requests_; }  // that have come in

 private:
  std::uint16_t port_;
  std::atomic<int> requests_{0};
  telemetry::Metrics metrics_;
  std::unique_ptr<HttpServer> server_;
};

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in address = loopback(port);
    const timeval patience{10, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(const std::string& text) {
    std::size_t sent = 0;
    while (connected_ && sent < text.size()) {
      const auto count = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) {
        return;
      }
      sent += static_cast<std::size_t>(count);
    }
  }
  void end() { shutdown(socket_, SHUT_WR); }

  /// The body of the next answer; empty when there is none.
  std::string answer() {
    while (true) {
      const auto head = received_.find("\r\n\r\n");
      const auto length = received_.find("Content-Length: ");
      if (head != std::string::npos && length < head) {
        const std::size_t count = std::stoul(received_.substr(length + 16));
        if (received_.size() >= head + 4 + count) {
          const std::string body = received_.substr(head + 4, count);
          received_.erase(0, head + 4 + count);
          return body;
        }
      }
      char some[4096];
      const auto count = recv(socket_, some, sizeof some, 0);
      if (count <= 0) {
        return {};
      }
      received_.append(some, static_cast<std::size_t>(count));
    }
  }
  std::string ask(const std::string& text) {
    send(text);
    return answer();
  }

 private:
  int socket_;
  bool connected_ = false;
  std::string received_;
};

std::string sized(const std::string& method, std::size_t bytes) {
  return method + " /a HTTP/1.1\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
         std::string(bytes, 'x');
}

std::string chunk(std::size_t bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx;name=value\r\n", bytes);
  return size + std::string(bytes, 'x') + "\r\n";
}

const std::string chunked = "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string get = "GET /next HTTP/1.1\r\n\r\n";

std::string told(Fault fault) { return "fault " + std::to_string(static_cast<int>(fault)); }

TEST_CASE("a body is taken off the connection whatever the method, and the next request is read") {
  EchoServer server;
  Client client(server.port());
  CHECK(client.ask(sized("GET", 100)) == "GET /a 100");
  CHECK(client.ask(sized("DELETE", 3) + get) == "DELETE /a 3");
  CHECK(client.answer() == "GET /next 0");
  CHECK(client.ask(chunked + chunk(5) + chunk(7) + "0\r\nTrailer: x\r\n\r\n" + get) ==
        "POST /c 12");
  CHECK(client.answer() == "GET /next 0");
  CHECK(client.ask("\r\n" + get) == "GET /next 0");
}

TEST_CASE("a body is taken at its limit, and refused one past it with the answer still readable") {
  EchoServer server;
  const std::size_t most = http::body_bytes_max;
  Client client(server.port());
  CHECK(client.ask(sized("POST", most)) == "POST /a 65536");
  CHECK(client.ask(chunked + chunk(most - 1) + chunk(1) + "0\r\n\r\n") == "POST /c 65536");
  CHECK(client.ask(sized("POST", most + 1)) == told(Fault::body_too_large));
  CHECK(client.answer().empty());  // closed: the rest cannot be told from a request
  CHECK(Client(server.port()).ask(chunked + chunk(most) + chunk(1)) == told(Fault::body_too_large));
  CHECK(Client(server.port()).ask(sized("POST", 3'000'000)) == told(Fault::body_too_large));
}

TEST_CASE("lengths that two readers could read differently are refused") {
  EchoServer server;
  const auto head = [](const std::string& headers) {
    return "POST / HTTP/1.1\r\n" + headers + "\r\n\r\nxx";
  };
  for (const char* headers :
       {"Content-Length: -1", "Content-Length: 1x", "Content-Length: +1",
        "Content-Length:", "Content-Length: 99999999999999999999",
        "Content-Length: 1\r\nContent-Length: 2", "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, chunked"}) {
    INFO(headers);
    const std::string answer = Client(server.port()).ask(head(headers));
    CHECK(answer == told(Fault::malformed_body));
  }
  for (const char* chunks : {"zz\r\n", "\r\n", "-1\r\n", "1\r\nxx\r\n", "fffffffffffffffff\r\n"}) {
    INFO(chunks);
    CHECK(Client(server.port()).ask(chunked + chunks) == told(Fault::malformed_body));
  }
}

TEST_CASE("heads that are no HTTP, too large or broken off are answered") {
  EchoServer server;
  const auto fault = [&](const std::string& text) {
    Client client(server.port());
    client.send(text);
    client.end();
    return client.answer();
  };
  CHECK(fault("nonsense\r\n\r\n") == told(Fault::malformed_head));
  CHECK(fault("GET / HTTP/2.0\r\n\r\n") == told(Fault::malformed_head));
  CHECK(fault("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n") ==
        told(Fault::head_too_large));
  CHECK(fault(std::string(2 * head_bytes_max, 'a')) == told(Fault::head_too_large));
  std::string many = "GET / HTTP/1.1\r\n";
  while (many.size() < head_bytes_max) {
    many += "Name: value\r\n";
  }
  CHECK(fault(many + "\r\n") == told(Fault::head_too_large));
  CHECK(fault("GET / HTTP/1.1\r\nHost") == told(Fault::incomplete));
  CHECK(fault("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab") == told(Fault::incomplete));
}

TEST_CASE("more clients than threads are all served") {
  EchoServer server(2);
  std::atomic<int> answers{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int asked = 0; asked < 5;) {
        Client client(server.port());
        while (asked < 5 && client.ask(get) == "GET /next 0") {
          ++asked;
          ++answers;
        }
      }
    });
  }
  clients.clear();
  CHECK(answers == 40);
}

TEST_CASE("the end of the server waits for what is in hand, and lets idle connections go") {
  EchoServer server(64, 300ms);
  Client idle(server.port());
  CHECK(idle.ask(get) == "GET /next 0");
  std::atomic<int> answers{0};
  std::vector<std::jthread> clients;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&] {
      Client client(server.port());
      answers += client.ask(get) == "GET /next 0" ? 1 : 0;
    });
  }
  while (server.requests() < 17) {
    std::this_thread::sleep_for(1ms);  // until all are in hand
  }
  const auto began = std::chrono::steady_clock::now();
  server.stop();
  CHECK(std::chrono::steady_clock::now() - began < 3s);
  clients.clear();
  CHECK(answers == 16);
  CHECK(idle.answer().empty());
}

}  // namespace
}  // namespace vsim::api
