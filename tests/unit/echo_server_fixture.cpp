#include "tests/unit/echo_server_fixture.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/connections/open_connection.h"
#include "tests/harness/loopback.h"

namespace vsim::api {
namespace {

using harness::loopback;

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  REQUIRE(bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(socket);
  return ntohs(address.sin_port);
}

}  // namespace

EchoServer::EchoServer(std::size_t connections_max, std::function<void()> meanwhile)
    : port_(free_port()) {
  HttpServerOptions options;
  options.address = {"127.0.0.1", port_};
  options.connections_max = connections_max;
  auto started = HttpServer::start(
      options, metrics_, [this, meanwhile = std::move(meanwhile)](HttpRequest& in) {
        HttpResponse out;
        if (in.path == "/refuse") {
          out.status = 403;
          out.body = "refused";
          return out;
        }
        in.take_body();
        out.close = in.fault.has_value();
        if (in.fault) {
          out.status = in.fault == Fault::no_room ? 503 : 400;
          out.body = "fault " + std::to_string(static_cast<int>(*in.fault));
          return out;
        }
        if (in.path == "/endless") {
          out.take_over = [](OpenConnection&& connection) {
            connection.transport->send("and on",
                                       std::chrono::steady_clock::now() + std::chrono::seconds(1));
          };
          return out;
        }
        ++requests_;
        meanwhile();
        out.body = in.method + " " + in.path + " " + std::to_string(in.body.size());
        return out;
      });
  REQUIRE(started);
  server_ = std::move(*started);
}

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const sockaddr_in address = loopback(port);
  const timeval patience{10, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

RawClient::~RawClient() { close(socket_); }

void RawClient::send(const std::string& text) {
  std::size_t sent = 0;
  while (connected_ && sent < text.size()) {
    const auto count = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) {
      return;
    }
    sent += static_cast<std::size_t>(count);
  }
}

void RawClient::end() { shutdown(socket_, SHUT_WR); }

bool RawClient::receive() {
  char some[4096];
  const auto count = recv(socket_, some, sizeof some, 0);
  if (count > 0) {
    received_.append(some, static_cast<std::size_t>(count));
  }
  return count > 0;
}

std::string RawClient::answer() {
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
    if (!receive()) {
      return {};
    }
  }
}

std::string RawClient::bytes(std::size_t count) {
  while (received_.size() < count && receive()) {
  }
  std::string taken = received_.substr(0, count);
  received_.erase(0, taken.size());
  return taken;
}

std::string RawClient::rest() {
  while (receive()) {
  }
  return std::move(received_);
}

bool RawClient::closed_by_server() {
  char byte = 0;
  return recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace vsim::api
