// Goal: whatever a client sends, it is answered and the next request on its connection is read
// where it begins.
// Method: a server that echoes what it understood, and raw sockets.

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "api/connections/request_head.h"
#include "schema/http/write_requests.h"
#include "tests/unit/echo_server_fixture.h"

namespace vsim::api {
namespace {

std::string sized(const std::string& method, std::size_t bytes) {
  return method + " /a HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) +
         "\r\n\r\n" + std::string(bytes, 'x');
}

std::string chunk(std::size_t bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx;name=value\r\n", bytes);
  return size + std::string(bytes, 'x') + "\r\n";
}

const std::string chunked = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string get = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

std::string fault_answer(Fault fault) { return "fault " + std::to_string(static_cast<int>(fault)); }

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
  CHECK(client.ask(sized("POST", most + 1)) == fault_answer(Fault::body_too_large));
  CHECK(client.answer().empty());  // closed: the rest could be taken for a request
  CHECK(RawClient(server.port()).ask(chunked + chunk(most) + chunk(1)) ==
        fault_answer(Fault::body_too_large));
  CHECK(RawClient(server.port()).ask(sized("POST", 3'000'000)) ==
        fault_answer(Fault::body_too_large));
}

TEST_CASE("chunks end at their limits, and one past them") {
  EchoServer server;
  const std::string line = "1;" + std::string(254, 'a') + "\r\n";  // 256 characters
  CHECK(RawClient(server.port()).ask(chunked + line + "x\r\n0\r\n\r\n") == "POST /c 1");
  CHECK(RawClient(server.port()).ask(chunked + "1;a" + line.substr(2) + "x\r\n0\r\n\r\n") ==
        fault_answer(Fault::malformed_body));
  std::string trailers;
  for (int i = 0; i < 32; ++i) {
    trailers += "T: x\r\n";
  }
  CHECK(RawClient(server.port()).ask(chunked + "0\r\n" + trailers + "\r\n") == "POST /c 0");
  CHECK(RawClient(server.port()).ask(chunked + "0\r\n" + trailers + "T: x\r\n\r\n") ==
        fault_answer(Fault::malformed_body));
}

TEST_CASE("a head is read at its limits, and refused one byte past them") {
  EchoServer server;
  const auto with_line = [](std::size_t bytes) {
    return "GET /next HTTP/1.1\r\nHost: a\r\nN: " + std::string(bytes - 3, 'x') + "\r\n\r\n";
  };
  CHECK(RawClient(server.port()).ask(with_line(head_line_bytes_max)) == "GET /next 0");
  CHECK(RawClient(server.port()).ask(with_line(head_line_bytes_max + 1)) ==
        fault_answer(Fault::head_too_large));
  const auto target = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 14, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  CHECK(RawClient(server.port()).ask(target(head_line_bytes_max)).starts_with("GET /aaa"));
  CHECK(RawClient(server.port()).ask(target(head_line_bytes_max + 1)) ==
        fault_answer(Fault::head_too_large));
  const auto whole = [](std::size_t bytes) {
    std::string head = "GET /next HTTP/1.1\r\nHost: a\r\n";
    while (head.size() + 2000 < bytes) {
      head += "Name: value\r\n";
    }
    return head + "N: " + std::string(bytes - head.size() - 7, 'x') + "\r\n\r\n";
  };
  CHECK(RawClient(server.port()).ask(whole(head_bytes_max)) == "GET /next 0");
  CHECK(RawClient(server.port()).ask(whole(head_bytes_max + 1)) ==
        fault_answer(Fault::head_too_large));
}

TEST_CASE("an answer without an end has no length, and its connection leaves the server") {
  EchoServer server(1);
  RawClient client(server.port());
  const std::string all = client.all("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(all.find("Content-Length") == std::string::npos);
  CHECK(all.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(all.ends_with("\r\n\r\nand on"));
  // There is room for another one; HEAD gets no more than the head.
  RawClient second(server.port());
  const std::string head = second.all("HEAD /endless HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(head.starts_with("HTTP/1.1 200"));
  CHECK(head.ends_with("\r\n\r\n"));
}

TEST_CASE("heads that are no HTTP, too large or broken off are answered") {
  EchoServer server;
  const auto fault = [&](const std::string& text) {
    RawClient client(server.port());
    client.send(text);
    client.end();
    return client.answer();
  };
  CHECK(fault("nonsense\r\n\r\n") == fault_answer(Fault::malformed_head));
  CHECK(fault(std::string(2 * head_bytes_max, 'a')) == fault_answer(Fault::head_too_large));
  CHECK(fault("GET / HTTP/1.1\r\nHost") == fault_answer(Fault::incomplete));
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  CHECK(fault(post + "Content-Length: 5\r\n\r\nab") == fault_answer(Fault::incomplete));
  CHECK(fault(chunked + "5\r\nab") == fault_answer(Fault::incomplete));
  CHECK(fault(chunked + "5\r\nabcde\r\n") == fault_answer(Fault::incomplete));
  CHECK(fault(chunked + "0\r\n") == fault_answer(Fault::incomplete));
}

TEST_CASE("what is plainly no request is refused before an empty line has come") {
  EchoServer server;
  for (const char* line : {"hello\r\n", "GET /\r\n", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\n"}) {
    INFO(line);
    CHECK(RawClient(server.port()).ask(line) == fault_answer(Fault::malformed_head));
  }
}

TEST_CASE("a head that comes byte by byte, CR and LF apart, is read as if it came at once") {
  EchoServer server;
  RawClient client(server.port());
  for (const char byte : "\r\n\r\n" + sized("POST", 3)) {
    client.send(std::string(1, byte));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(client.answer() == "POST /a 3");
  CHECK(client.ask(get) == "GET /next 0");
}

TEST_CASE("issue 12: a body that is held back is asked for, unless the head is refused") {
  EchoServer server;
  const std::string expecting =
      "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-CONTINUE\r\nContent-Length: 2\r\n\r\n";
  const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  RawClient client(server.port());
  client.send(expecting);
  CHECK(client.bytes(go_on.size()) == go_on);
  CHECK(client.ask("xx") == "POST /a 2");
  CHECK(client.ask(get) == "GET /next 0");  // the connection goes on

  RawClient refused(server.port());
  refused.send("POST /refuse" + expecting.substr(7));
  const std::string answer = refused.rest();
  CHECK(answer.starts_with("HTTP/1.1 403 "));
  CHECK(answer.find("Connection: close") != std::string::npos);

  // Too large by its Content-Length: no need to send it.
  RawClient large(server.port());
  large.send(
      "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n");
  const std::string too_large = large.rest();
  CHECK(too_large.starts_with("HTTP/1.1 400 "));
  CHECK(too_large.ends_with(fault_answer(Fault::body_too_large)));

  // HTTP/1.0 knows no such answer, and nothing is asked for where there is no body.
  CHECK(RawClient(server.port())
            .all("POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nxx")
            .starts_with("HTTP/1.1 200 "));
  RawClient empty(server.port());
  empty.send("POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n");
  CHECK(empty.bytes(12) == "HTTP/1.1 200");
}

}  // namespace
}  // namespace vsim::api
