// Goal: issue 12: no bytes make the API see another request than a proxy before it would: each
// known way to hide a request in another is refused with 400, and the connection is closed.
// Method: a table of vectors, as they are published for proxies and servers (RFC 9112, 11.2 says
// why). Behind each stands a whole DELETE of a server, in the place where a fooled reader would
// begin to read again: the server must live on. And a table of requests that are unusual and
// right: they are carried out, with the request behind them.

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/e2e/raw_http.h"
#include "tests/harness/fleet.h"
#include "tests/harness/servers.h"

using harness::exchange_raw;
using harness::HttpClient;
using harness::RawAnswers;

namespace {

harness::Fleet& fleet() {
  static harness::Fleet shared;
  return shared;
}

const std::string host = "Host: 127.0.0.1\r\n";
const std::string json = "Content-Type: application/json\r\n";

struct Vector {
  std::string name;
  std::string bytes;
};

/// Of a POST whose headers are right but for these lines; its body would be read as none.
Vector lines(const std::string& name, const std::string& header_lines) {
  return {name, "POST /servers HTTP/1.1\r\n" + host + json + header_lines + "\r\n\r\n"};
}

Vector first_line(const std::string& name, const std::string& line) {
  return {name, line + "\r\n" + host + "\r\n"};
}

Vector chunks(const std::string& name, const std::string& body) {
  return {name,
          "POST /servers HTTP/1.1\r\n" + host + json + "Transfer-Encoding: chunked\r\n\r\n" + body};
}

std::string with_nul(const std::string& before, const std::string& after) {
  return before + std::string(1, '\0') + after;
}

std::vector<Vector> header_vectors() {
  return {
      lines("blank before the colon of Content-Length", "Content-Length : 400"),
      lines("tab before the colon of Content-Length", "Content-Length\t: 400"),
      lines("blank before the colon of Transfer-Encoding", "Transfer-Encoding : chunked"),
      lines("tab before the colon of Transfer-Encoding", "Transfer-Encoding\t: chunked"),
      lines("blank before the colon of another header", "X : a\r\nContent-Length: 0"),
      lines("folded Content-Length", "X: a\r\n Content-Length: 400"),
      lines("folded with a tab", "X: a\r\n\tTransfer-Encoding: chunked"),
      lines("folded value", "Transfer-Encoding:\r\n chunked"),
      lines("folded Content-Length's value", "Content-Length:\r\n 400"),
      lines("a line of blanks alone", "X: a\r\n \r\nContent-Length: 400"),
      {"a first header that begins with a blank",
       "POST /servers HTTP/1.1\r\n Content-Length: 400\r\n" + host + "\r\n"},
      lines("vertical tab before a name", "\vContent-Length: 400"),
      lines("form feed before a name", "\fTransfer-Encoding: chunked"),
      lines("vertical tab before a value", "Transfer-Encoding: \vchunked"),
      lines("form feed behind a value", "Content-Length: 400\f"),
      lines("NUL in a name", with_nul("Content", "-Length: 400")),
      lines("NUL behind a name", with_nul("Content-Length", ": 400")),
      lines("NUL in a value", with_nul("X: a", "b")),
      lines("NUL behind a length", with_nul("Content-Length: 400", "")),
      lines("CR in a name", "Content\r-Length: 400"),
      lines("CR in a value", "X: a\rContent-Length: 400"),
      lines("CR behind a value", "Content-Length: 400\r"),
      lines("bare LF between headers", "X: a\nContent-Length: 400"),
      lines("bare LF behind Transfer-Encoding", "Transfer-Encoding: chunked\nX: a"),
      lines("bare CR as an empty line", "X: a\r\n\rContent-Length: 400"),
      {"bare LF behind the request line", "GET /servers HTTP/1.1\n" + host + "\r\n"},
      {"bare LF as the empty line", "GET /servers HTTP/1.1\r\n" + host + "\n"},
      {"bare LF everywhere", "GET /servers HTTP/1.1\nHost: 127.0.0.1\n\n"},
      {"bare LF before the request", "\nGET /servers HTTP/1.1\r\n" + host + "\r\n"},
      {"bare CR before the request", "\rGET /servers HTTP/1.1\r\n" + host + "\r\n"},
      lines("no colon", "Content-Length 400"),
      lines("nothing but a name", "Content-Length"),
      lines("an empty name", ": 400"),
      lines("a name in quotes", "\"Content-Length\": 400"),
      lines("a name with a slash", "Content/Length: 400"),
      lines("a name with a bracket", "Content-Length[]: 400"),
      lines("a name beyond ASCII", "Content-Length\xc2\xa0: 400"),
      lines("a name behind a no-break space", "\xc2\xa0Transfer-Encoding: chunked"),
      lines("an underscore for a hyphen", "Content_Length: 400"),
      lines("an underscore in Transfer_Encoding", "Transfer_Encoding: chunked"),
      lines("an escape sequence in a value", "X: \x1b[2J"),
      lines("DEL in a value", "X: a\x7f"),
  };
}

std::vector<Vector> length_vectors() {
  return {
      lines("two lengths that differ", "Content-Length: 0\r\nContent-Length: 400"),
      lines("two lengths that are equal", "Content-Length: 0\r\nContent-Length: 0"),
      lines("a list of lengths", "Content-Length: 0, 400"),
      lines("a list of equal lengths", "Content-Length: 0, 0"),
      lines("a sign", "Content-Length: +0"),
      lines("a negative length", "Content-Length: -1"),
      lines("a length in hexadecimal", "Content-Length: 0x0"),
      lines("a blank within a length", "Content-Length: 0 0"),
      lines("leading zeros", "Content-Length: 00"),
      lines("a length in quotes", "Content-Length: \"0\""),
      lines("a fraction", "Content-Length: 0.0"),
      lines("an empty length", "Content-Length:"),
      lines("a length beyond 64 bits", "Content-Length: 18446744073709551616"),
      lines("length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked"),
      lines("chunks and length", "Transfer-Encoding: chunked\r\nContent-Length: 5"),
      lines("identity and length", "Transfer-Encoding: identity\r\nContent-Length: 0"),
      lines("identity", "Transfer-Encoding: identity"),
      lines("no encoding", "Transfer-Encoding:"),
      lines("chunked twice", "Transfer-Encoding: chunked, chunked"),
      lines("chunked in two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
      lines("chunked and identity", "Transfer-Encoding: chunked, identity"),
      lines("gzip and chunked", "Transfer-Encoding: gzip, chunked"),
      lines("an empty member", "Transfer-Encoding: , chunked"),
      lines("xchunked", "Transfer-Encoding: xchunked"),
      lines("chunked with a parameter", "Transfer-Encoding: chunked;q=1"),
      lines("chunked in quotes", "Transfer-Encoding: \"chunked\""),
      lines("a no-break space before chunked",
            "Transfer-Encoding: \xc2\xa0"
            "chunked"),
      {"chunks in HTTP/1.0", "POST /servers HTTP/1.0\r\n" + host + json +
                                 "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"},
      {"no host", "GET /servers HTTP/1.1\r\nX: a\r\n\r\n"},
      lines("two hosts", host + "Content-Length: 0"),
      {"two hosts that differ", "GET /servers HTTP/1.1\r\n" + host + "Host: localhost\r\n\r\n"},
      {"two hosts in HTTP/1.0",
       "GET /servers HTTP/1.0\r\nConnection: keep-alive\r\n" + host + host + "\r\n"},
      {"an empty host", "GET /servers HTTP/1.1\r\nHost:\r\n\r\n"},
      {"a host with a path", "GET /servers HTTP/1.1\r\nHost: 127.0.0.1/servers\r\n\r\n"},
      {"a host with a user", "GET /servers HTTP/1.1\r\nHost: a@127.0.0.1\r\n\r\n"},
      {"a host with a bad port", "GET /servers HTTP/1.1\r\nHost: 127.0.0.1:x\r\n\r\n"},
      {"a host with a blank", "GET /servers HTTP/1.1\r\nHost: 127.0.0.1 a\r\n\r\n"},
  };
}

std::vector<Vector> first_line_vectors() {
  return {
      first_line("two blanks before the target", "GET  /servers HTTP/1.1"),
      first_line("two blanks before the version", "GET /servers  HTTP/1.1"),
      first_line("a tab before the target", "GET\t/servers HTTP/1.1"),
      first_line("a blank before the method", " GET /servers HTTP/1.1"),
      first_line("a blank behind the version", "GET /servers HTTP/1.1 "),
      first_line("a blank within the target", "GET /servers /a HTTP/1.1"),
      first_line("NUL in the target", with_nul("GET /servers", " HTTP/1.1")),
      first_line("CR in the target", "GET /servers\r HTTP/1.1"),
      first_line("a fragment", "GET /servers#a HTTP/1.1"),
      first_line("no version", "GET /servers"),
      first_line("a version in lower case", "GET /servers http/1.1"),
      first_line("HTTP/2.0", "GET /servers HTTP/2.0"),
      first_line("HTTP/0.9", "GET /servers HTTP/0.9"),
      first_line("HTTP/1.10", "GET /servers HTTP/1.10"),
      first_line("a method that is no token", "GE(T /servers HTTP/1.1"),
      first_line("a method behind a colon", "X: GET /servers HTTP/1.1"),
      first_line("an authority as target", "CONNECT 127.0.0.1:80 HTTP/1.1"),
      first_line("an authority to GET", "GET 127.0.0.1:80 HTTP/1.1"),
      first_line("an asterisk to GET", "GET * HTTP/1.1"),
      first_line("another scheme", "GET ftp://127.0.0.1/servers HTTP/1.1"),
      first_line("an URL with a user", "GET http://a@127.0.0.1/servers HTTP/1.1"),
      first_line("an URL without a host", "GET http:///servers HTTP/1.1"),
  };
}

std::vector<Vector> chunk_vectors() {
  return {
      chunks("bare LF behind a size", "1\n \r\n0\r\n\r\n"),
      chunks("bare CR behind a size", "1\r \r\n0\r\n\r\n"),
      chunks("bare LF behind a chunk", "1\r\n \n0\r\n\r\n"),
      chunks("bare LF behind the last chunk", "0\n\r\n"),
      chunks("bare LF as the end", "0\r\n\n"),
      chunks("a blank behind a size", "0 \r\n\r\n"),
      chunks("a blank before a size", " 0\r\n\r\n"),
      chunks("0x before a size", "0x0\r\n\r\n"),
      chunks("a sign before a size", "+0\r\n\r\n"),
      chunks("a negative size", "-1\r\n\r\n"),
      chunks("no size", "\r\n\r\n"),
      chunks("no digits", "zz\r\n\r\n"),
      chunks("a size beyond 64 bits", "10000000000000000\r\n\r\n"),
      chunks("an extension without a name", "0;\r\n\r\n"),
      chunks("junk behind a size", "0 a\r\n\r\n"),
      chunks("a bare LF in an extension", "0;a\nb\r\n\r\n"),
      chunks("a bare CR in an extension", "0;a\rb\r\n\r\n"),
      chunks("NUL in an extension", with_nul("0;a", "\r\n\r\n")),
      chunks("an open quote in an extension", "0;a=\"b\r\n\r\n"),
      chunks("a chunk longer than its size", "1\r\n  \r\n0\r\n\r\n"),
      chunks("a chunk without its end", "1\r\n 0\r\n\r\n"),
      chunks("a trailer without a colon", "0\r\nTrailer\r\n\r\n"),
      chunks("a folded trailer", "0\r\nA: b\r\n c\r\n\r\n"),
      chunks("a blank before a trailer's colon", "0\r\nContent-Length : 5\r\n\r\n"),
      chunks("bare LF behind a trailer", "0\r\nA: b\n\r\n"),
  };
}

/// The server whose DELETE stands behind every vector.
class Canary {
 public:
  Canary() : id_(harness::create_server(client_, {.profile = "instant"})["id"].text()) {}

  std::string terminate() const {
    return "DELETE /servers/" + id_ + " HTTP/1.1\r\n" + host + "\r\n";
  }
  std::string look() const { return "GET /servers/" + id_ + " HTTP/1.1\r\n" + host + "\r\n"; }
  bool lives() { return client_.get("/servers/" + id_).json()["status"].text() == "RUNNING"; }

 private:
  HttpClient client_ = fleet().client();
  std::string id_;
};

void check_refused(const std::vector<Vector>& vectors) {
  Canary canary;
  for (const Vector& vector : vectors) {
    CAPTURE(vector.name);
    const RawAnswers answers =
        exchange_raw(fleet().api_port(), vector.bytes + canary.terminate() + canary.terminate());
    CAPTURE(answers.bytes);
    CHECK(answers.statuses() == std::vector<int>{400});
    CHECK(answers.closed);
    CHECK(answers.bytes.find("Connection: close\r\n") != std::string::npos);
    CHECK(answers.bytes.find("\"code\":\"invalid_request\"") != std::string::npos);
    REQUIRE(canary.lives());
  }
}

}  // namespace

TEST_CASE("issue 12: headers that hide a request are refused, and what they hide is not read") {
  check_refused(header_vectors());
}

TEST_CASE("issue 12: lengths and hosts that can be read in two ways are refused") {
  check_refused(length_vectors());
}

TEST_CASE("issue 12: first lines that are no request are refused, with all behind them") {
  check_refused(first_line_vectors());
}

TEST_CASE("issue 12: chunks that are not to the letter are refused, with all behind them") {
  check_refused(chunk_vectors());
}

TEST_CASE("requests that are unusual and right are answered, and so is what stands behind them") {
  Canary canary;
  const std::string create =
      R"({"name":"n","region":"us-east-1","type":"t2.micro","profile":"instant"})";
  const auto sized = [&](const std::string& name) {
    return "POST /servers HTTP/1.1\r\n" + host + json + name + std::to_string(create.size()) +
           "\r\n\r\n" + create;
  };
  const auto chunked = [&](const std::string& line, const std::string& end) {
    char size[16];
    std::snprintf(size, sizeof size, "%zX", create.size());
    return "POST /servers HTTP/1.1\r\n" + host + json + line + "\r\n\r\n" + size + end;
  };
  struct Right {
    std::string name;
    std::string bytes;
    int status;
  };
  const std::string chunked_line = "Transfer-Encoding: chunked";
  const std::vector<Right> right = {
      {"names in lower case", "GET /servers HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", 200},
      {"names in upper case", sized("CONTENT-LENGTH:"), 201},
      {"blanks and tabs around a value", sized("Content-Length: \t "), 201},
      {"a header without a value", "GET /servers HTTP/1.1\r\nX:\r\n" + host + "\r\n", 200},
      {"every character of a name",
       "GET /servers HTTP/1.1\r\n!#$%&'*+-.^_`|~09azAZ: a\r\n" + host + "\r\n", 200},
      {"a value beyond ASCII", "GET /servers HTTP/1.1\r\nX: \xc3\xbc\xff\r\n" + host + "\r\n", 200},
      {"an empty line before the request", "\r\nGET /servers HTTP/1.1\r\n" + host + "\r\n", 200},
      {"a body to GET", "GET /servers HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabc", 200},
      {"no body, and a length of 0",
       "GET /servers HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n", 200},
      {"chunks", chunked(chunked_line, "\r\n" + create + "\r\n0\r\n\r\n"), 201},
      {"Chunked", chunked("transfer-encoding:\tChunKed ", "\r\n" + create + "\r\n0\r\n\r\n"), 201},
      {"extensions",
       chunked(chunked_line, ";a=b ; c=\"d;\\\"e\"\r\n" + create + "\r\n000;f\r\n\r\n"), 201},
      {"trailers",
       chunked(chunked_line, "\r\n" + create + "\r\n0\r\nContent-Length: 5\r\nX: y\r\n\r\n"), 201},
      {"a line of 8 KiB",
       "GET /servers HTTP/1.1\r\n" + host + "X: " + std::string(8189, 'x') + "\r\n\r\n", 200},
      {"an absolute target", "GET http://127.0.0.1:80/servers HTTP/1.1\r\n" + host + "\r\n", 200},
      {"an absolute target over https",
       "GET HTTPS://localhost/servers?limit=1 HTTP/1.1\r\n" + host + "\r\n", 200},
      {"HTTP/1.0 that stays", "GET /servers HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200},
      {"a method that nobody knows", "QUERY /servers HTTP/1.1\r\n" + host + "\r\n", 405},
      {"IPv6 as host", "GET /servers HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200},
  };
  const std::string last = "GET /healthz HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n";
  for (const Right& row : right) {
    CAPTURE(row.name);
    const RawAnswers answers = exchange_raw(fleet().api_port(), row.bytes + canary.look() + last);
    CAPTURE(answers.bytes);
    CHECK(answers.statuses() == std::vector<int>{row.status, 200, 200});
    CHECK(answers.closed);
  }
  const RawAnswers old = exchange_raw(fleet().api_port(), "GET /servers HTTP/1.0\r\n\r\n");
  CHECK(old.statuses() == std::vector<int>{200});
  CHECK(old.closed);
  // The table above proves something: this is what would have ended the server.
  const RawAnswers ended = exchange_raw(fleet().api_port(), canary.terminate() + last);
  CHECK(ended.statuses() == std::vector<int>{200, 200});
  CHECK_FALSE(canary.lives());
}
