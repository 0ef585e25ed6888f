// Goal: whatever a client sends, it is answered and the next request on its connection is read
// where it begins.
// Method: a server that echoes what it understood, and raw sockets.

#include <cstdio>
#include <string>

#include <doctest/doctest.h>

#include "schema/http/write_requests.h"
#include "tests/unit/echo_server_fixture.h"

namespace vsim::api {
namespace {

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
  RawClient client(server.port());
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
  RawClient client(server.port());
  CHECK(client.ask(sized("POST", most)) == "POST /a 65536");
  CHECK(client.ask(chunked + chunk(most - 1) + chunk(1) + "0\r\n\r\n") == "POST /c 65536");
  CHECK(client.ask(sized("POST", most + 1)) == told(Fault::body_too_large));
  CHECK(client.answer().empty());  // closed: the rest cannot be told from a request
  CHECK(RawClient(server.port()).ask(chunked + chunk(most) + chunk(1)) ==
        told(Fault::body_too_large));
  CHECK(RawClient(server.port()).ask(sized("POST", 3'000'000)) == told(Fault::body_too_large));
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
    const std::string answer = RawClient(server.port()).ask(head(headers));
    CHECK(answer == told(Fault::malformed_body));
  }
  for (const char* chunks : {"zz\r\n", "\r\n", "-1\r\n", "1\r\nxx\r\n", "fffffffffffffffff\r\n"}) {
    INFO(chunks);
    CHECK(RawClient(server.port()).ask(chunked + chunks) == told(Fault::malformed_body));
  }
}

TEST_CASE("heads that are no HTTP, too large or broken off are answered") {
  EchoServer server;
  const auto fault = [&](const std::string& text) {
    RawClient client(server.port());
    client.send(text);
    client.end();
    return client.answer();
  };
  CHECK(fault("nonsense\r\n\r\n") == told(Fault::malformed_head));
  CHECK(fault("GET / HTTP/2.0\r\n\r\n") == told(Fault::malformed_head));
  CHECK(fault("QUERY / HTTP/2.0\r\n\r\n") == told(Fault::malformed_head));
  CHECK(fault("QUERY x HTTP/1.1\r\n\r\n") == told(Fault::malformed_head));
  CHECK(fault("QUERY /x HTTP/1.1\r\n\r\n") == told(Fault::unknown_method));
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
  CHECK(fault(chunked + "5\r\nab") == told(Fault::incomplete));
  CHECK(fault(chunked + "5\r\nabcde\r\n") == told(Fault::incomplete));
  CHECK(fault(chunked + "0\r\n") == told(Fault::incomplete));
}

}  // namespace
}  // namespace vsim::api
