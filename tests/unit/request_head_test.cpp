// Goal: a request's head is read to the letter of RFC 9112, and what two readers could take for
// different requests is refused with a sentence.
// Method: heads written out here, each with what must come of it; every vector is refused for its
// own reason, so that one mistake cannot hide behind another.

#include "api/connections/request_head.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/connections/authority.h"

namespace vsim::api {
namespace {

/// What is wrong with a head; empty when nothing is.
std::string complaint(const std::string& head) {
  const auto read = read_request_head(head);
  return read ? "" : read.error().complaint;
}

std::string with(const std::string& header_lines) {
  return "POST /a HTTP/1.1\r\nHost: a\r\n" + header_lines + "\r\n\r\n";
}

std::string asking(const std::string& request_line) { return request_line + "\r\nHost: a\r\n\r\n"; }

struct Row {
  const char* headers;
  const char* reason;  // a part of the sentence
};

void check_refused(const std::vector<Row>& rows, Fault fault) {
  for (const Row& row : rows) {
    CAPTURE(row.headers);
    const auto read = read_request_head(with(row.headers));
    REQUIRE_FALSE(read);
    CHECK(read.error().fault == fault);
    CAPTURE(read.error().complaint);
    CHECK(std::string(read.error().complaint).find(row.reason) != std::string::npos);
  }
}

TEST_CASE("a request is read with its method, target, headers and length") {
  const std::string text =
      "PATCH /servers/a%2Fb?x=%20&y HTTP/1.1\r\nHost: vsim.example:8080\r\nEmpty:\r\n"
      "Idempotency-Key:  50%25 off \t\r\nx!#$%&'*+-.^_`|~9: \xc3\xbc\r\nContent-Length: 17\r\n\r\n";
  const auto head = read_request_head(text);
  REQUIRE(head);
  CHECK(head->method == "PATCH");
  CHECK(head->path == "/servers/a%2Fb");
  CHECK(head->query == "x=%20&y");
  CHECK(head->authority == "vsim.example:8080");
  CHECK(head->headers.size() == 5);
  CHECK(head->headers[1] == std::pair<std::string_view, std::string_view>("Empty", ""));
  CHECK(head->headers[2].second == "50%25 off");
  CHECK(head->body_bytes == 17);
  CHECK_FALSE(head->chunked);
  CHECK(head->keeps_open);
}

TEST_CASE("issue 12: request lines that are none are refused") {
  for (const char* line : {"",
                           "GET",
                           "GET ",
                           "GET /",
                           "GET / ",
                           " GET / HTTP/1.1",
                           "GET  / HTTP/1.1",
                           "GET /  HTTP/1.1",
                           "GET /\tHTTP/1.1",
                           "GET\t/ HTTP/1.1",
                           "GET / HTTP/1.1 ",
                           "GET / HTTP/1.1\t",
                           "GET / b HTTP/1.1",
                           "GET /\x01 HTTP/1.1",
                           "GET /\x7f HTTP/1.1",
                           "GET /a#b HTTP/1.1",
                           "GET / http/1.1",
                           "GET / Http/1.1",
                           "GET / HTTP/1.2",
                           "GET / HTTP/2.0",
                           "GET / HTTP/0.9",
                           "GET / HTTP/01.1",
                           "GET / HTTP/1.10",
                           "GET / HTTP/11",
                           "GET / HTTP/1,1",
                           "GET / HTTP /1.1",
                           "GET / HTTPS/1.1",
                           "G(T / HTTP/1.1",
                           "G:T / HTTP/1.1",
                           "\xc3\xbc / HTTP/1.1",
                           "\r GET / HTTP/1.1",
                           "GET /\r HTTP/1.1"}) {
    CAPTURE(line);
    CHECK(complaint(asking(line)) != "");
  }
  CHECK(complaint(asking(std::string("GET /\0 HTTP/1.1", 15))) != "");
  for (const char* line :
       {"GET / HTTP/1.1", "GET / HTTP/1.0", "get / HTTP/1.1", "M-SEARCH / HTTP/1.1",
        "GET /?a=b?c/d HTTP/1.1", "GET /\xc3\xbc?{|}\"<>\\^` HTTP/1.1"}) {
    CAPTURE(line);
    CHECK(complaint(asking(line)) == "");
  }
}

TEST_CASE("issue 12: targets are read by their four forms") {
  struct Form {
    const char* line;
    const char* path;
    const char* query;
    const char* authority;
  };
  for (const Form& form :
       {Form{"GET /a?b HTTP/1.1", "/a", "b", "a"}, Form{"GET // HTTP/1.1", "//", "", "a"},
        Form{"GET http://x.y:80/a?b HTTP/1.1", "/a", "b", "x.y:80"},
        Form{"GET HTTPS://[::1]/a HTTP/1.1", "/a", "", "[::1]"},
        Form{"GET http://x HTTP/1.1", "/", "", "x"}, Form{"GET http://x?b HTTP/1.1", "/", "b", "x"},
        Form{"OPTIONS * HTTP/1.1", "*", "", "a"}, Form{"OPTIONS http://x HTTP/1.1", "*", "", "x"},
        Form{"OPTIONS http://x/ HTTP/1.1", "/", "", "x"}}) {
    CAPTURE(form.line);
    const std::string text = asking(form.line);
    const auto head = read_request_head(text);
    REQUIRE(head);
    CHECK(head->path == form.path);
    CHECK(head->query == form.query);
    CHECK(head->authority == form.authority);
  }
  for (const char* line :
       {"GET * HTTP/1.1", "OPTIONS ** HTTP/1.1", "OPTIONS *?a HTTP/1.1", "GET a HTTP/1.1",
        "GET a:80 HTTP/1.1", "CONNECT a:80 HTTP/1.1", "CONNECT /a HTTP/1.1", "GET ?a HTTP/1.1",
        "GET ftp://a/ HTTP/1.1", "GET http:/a HTTP/1.1", "GET http:// HTTP/1.1",
        "GET http:///a HTTP/1.1", "GET http://u@a/ HTTP/1.1", "GET http://a:x/ HTTP/1.1",
        "GET http://a:65536/ HTTP/1.1", "GET http://[::1/ HTTP/1.1", "GET .. HTTP/1.1"}) {
    CAPTURE(line);
    CHECK(complaint(asking(line)) != "");
  }
}

TEST_CASE("issue 12: paths with dot segments, control characters or broken escapes are refused") {
  for (const char* path :
       {"/.", "/..", "/a/../b", "/a/./b", "/%2e", "/%2E%2e/b", "/a/.%2e", "/%00", "/a%0d%0ab",
        "/%7f", "/%", "/%4", "/%4g", "/%c3", "/%c3%28", "/%ed%a0%80", "/%zz"}) {
    CAPTURE(path);
    CHECK(complaint(asking(std::string("GET ") + path + " HTTP/1.1")).find("the path") == 0);
  }
  for (const char* path : {"/...", "/.a", "/a.", "/a//b", "/%2F..", "/..%2Fa", "/%41", "/%c3%bc"}) {
    CAPTURE(path);
    CHECK(complaint(asking(std::string("GET ") + path + " HTTP/1.1")) == "");
  }
}

TEST_CASE("issue 12: lines that are no headers are refused, each for its reason") {
  check_refused(
      {
          {"Content-Length : 5", "blank before its colon"},
          {"Content-Length\t: 5", "blank before its colon"},
          {"Transfer-Encoding : chunked", "blank before its colon"},
          {" Content-Length: 5", "begins with a blank"},
          {"\tContent-Length: 5", "begins with a blank"},
          {"X: a\r\n b", "begins with a blank"},
          {"X: a\r\n\tb", "begins with a blank"},
          {"X: a\r\n ", "begins with a blank"},
          {"\vContent-Length: 5", "name is empty or holds"},
          {"\fContent-Length: 5", "name is empty or holds"},
          {"\x01X: a", "name is empty or holds"},
          {"\rX: a", "name is empty or holds"},
          {"X\r: a", "name is empty or holds"},
          {"X\x7f: a", "name is empty or holds"},
          {"X\xc3\xbc: a", "name is empty or holds"},
          {"\xc2\xa0X: a", "name is empty or holds"},
          {"\"X\": a", "name is empty or holds"},
          {"X(a): a", "name is empty or holds"},
          {"X@: a", "name is empty or holds"},
          {"X/Y: a", "name is empty or holds"},
          {"X[1]: a", "name is empty or holds"},
          {"X{1}: a", "name is empty or holds"},
          {"X=Y: a", "name is empty or holds"},
          {"X;: a", "name is empty or holds"},
          {"X,Y: a", "name is empty or holds"},
          {"X Y: a", "name is empty or holds"},
          {": a", "name is empty or holds"},
          {"X", "no colon"},
          {"Content-Length 5", "no colon"},
          {"X: a\rb", "control character"},
          {"X: a\r", "control character"},
          {"X: a\vb", "control character"},
          {"X: a\x1b[0m", "control character"},
          {"X: a\x7f", "control character"},
          {"Content_Length: 5", "underscore"},
          {"transfer_encoding: chunked", "underscore"},
          {"Host: a", "more than once"},
          {"host: b", "more than once"},
      },
      Fault::malformed_head);
  for (const std::string& line :
       {std::string("X\0Y: a", 6), std::string("\0X: a", 5), std::string("X\0: a", 5)}) {
    CHECK(complaint(with(line)).find("name is empty or holds") != std::string::npos);
  }
  CHECK(complaint(with(std::string("X: a\0b", 6))).find("control") != std::string::npos);
}

TEST_CASE("issue 12: lengths that two readers could read differently are refused") {
  check_refused(
      {
          {"Content-Length: -1", "no whole number"},
          {"Content-Length: +5", "no whole number"},
          {"Content-Length: 0x5", "no whole number"},
          {"Content-Length: 5x", "no whole number"},
          {"Content-Length: 1 2", "no whole number"},
          {"Content-Length: 5.0", "no whole number"},
          {"Content-Length: 5e0", "no whole number"},
          {"Content-Length: 1_0", "no whole number"},
          {"Content-Length: \"5\"", "no whole number"},
          {"Content-Length: 05", "no whole number"},
          {"Content-Length: 00", "no whole number"},
          {"Content-Length:", "no whole number"},
          {"Content-Length: 5, 5", "no whole number"},
          {"Content-Length: 5,6", "no whole number"},
          {"Content-Length: 5;", "no whole number"},
          {"Content-Length: 18446744073709551616", "no whole number"},
          {"Content-Length: 99999999999999999999999999", "no whole number"},
          {"Content-Length: 5\r\nContent-Length: 5", "more than once"},
          {"Content-Length: 5\r\ncontent-length: 6", "more than once"},
          {"Content-Length: 5\r\nTransfer-Encoding: chunked", "both"},
          {"Transfer-Encoding: chunked\r\nContent-Length: 5", "both"},
          {"Transfer-Encoding: identity\r\nContent-Length: 5", "both"},
          {"Transfer-Encoding:", "not chunked"},
          {"Transfer-Encoding: gzip", "not chunked"},
          {"Transfer-Encoding: identity", "not chunked"},
          {"Transfer-Encoding: xchunked", "not chunked"},
          {"Transfer-Encoding: chunke", "not chunked"},
          {"Transfer-Encoding: chunked, chunked", "not chunked"},
          {"Transfer-Encoding: gzip, chunked", "not chunked"},
          {"Transfer-Encoding: chunked, identity", "not chunked"},
          {"Transfer-Encoding: chunked,", "not chunked"},
          {"Transfer-Encoding: , chunked", "not chunked"},
          {"Transfer-Encoding: chunked;q=1", "not chunked"},
          {"Transfer-Encoding: \"chunked\"", "not chunked"},
          {"Transfer-Encoding: 'chunked'", "not chunked"},
          {"Transfer-Encoding: chun ked", "not chunked"},
          {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "not chunked"},
          {"Transfer-Encoding: chunked\r\nTransfer-Encoding: x", "not chunked"},
          {"Transfer-Encoding: \xc2\xa0"
           "chunked",
           "not chunked"},
      },
      Fault::malformed_body);
  const auto old = read_request_head("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
  REQUIRE_FALSE(old);
  CHECK(std::string(old.error().complaint).find("HTTP/1.0") == 0);
}

TEST_CASE("lengths that leave no doubt are taken") {
  const auto bytes = [](const std::string& line) {
    const auto head = read_request_head(with(line));
    return head ? head->body_bytes : 12345;
  };
  CHECK(bytes("Content-Length: 0") == 0);
  CHECK(bytes("Content-Length:7") == 7);
  CHECK(bytes("content-LENGTH: \t 7 \t ") == 7);
  CHECK(bytes("Content-Length: 18446744073709551615") == UINT64_MAX);
  for (const char* line :
       {"Transfer-Encoding: chunked", "TRANSFER-encoding:CHUNKED",
        "Transfer-Encoding: \tchunked \t", "TE: gzip\r\nTransfer-Encoding: Chunked"}) {
    CAPTURE(line);
    const std::string text = with(line);
    const auto head = read_request_head(text);
    REQUIRE(head);
    CHECK(head->chunked);
  }
}

TEST_CASE("issue 12: HTTP/1.1 names one host, of a name or an address; HTTP/1.0 may do without") {
  const auto host = [](const std::string& lines, const char* version = "1.1") {
    return complaint(std::string("GET / HTTP/") + version + "\r\n" + lines + "\r\n");
  };
  CHECK(host("").find("Host is missing") != std::string::npos);
  CHECK(host("", "1.0") == "");
  CHECK(host("Host: a\r\nHost: a\r\n", "1.0").find("more than once") != std::string::npos);
  for (const char* no_host :
       {"",          "a b",   "a/b",     "a@b", "a?b",  "a#b",  "http://a", "a,b",
        "a:b",       "a:1:2", "a:65536", ":80", "a:+1", "a: 1", "[::1",     "::1",
        "[1.2.3.4]", "[x]",   "[::1]x",  "[]",  "a%00", "a\\b", "<a>"}) {
    CAPTURE(no_host);
    CHECK(host("Host: " + std::string(no_host) + "\r\n").find("Host is no name") !=
          std::string::npos);
  }
  for (const char* good : {"a", "a.b-c_d~9", "a.", "a:", "a:80", "1.2.3.4", "1.2.3.4:65535",
                           "[::1]", "[::1]:8080", "[fe80::1]:"}) {
    CAPTURE(good);
    CHECK(host("Host: " + std::string(good) + "\r\n") == "");
  }
}

TEST_CASE("an authority is split into host and port, and an address known as one") {
  const auto with_port = read_authority("Vsim.Example:8080");
  REQUIRE(with_port);
  CHECK(with_port->host == "Vsim.Example");
  CHECK(with_port->port == 8080);
  CHECK_FALSE(with_port->is_address);
  CHECK(read_authority("[::1]:1")->host == "::1");
  CHECK(read_authority("[::1]")->is_address);
  CHECK(read_authority("127.0.0.1")->is_address);
  for (const char* name : {"127.1", "0x7f.0.0.1", "2130706433", "127.0.0.1.", "127.0.0.256"}) {
    CAPTURE(name);
    CHECK_FALSE(read_authority(name)->is_address);
  }
}

TEST_CASE("connections stay open, or not, by version and by the header Connection") {
  const auto keeps_open = [](const char* version, const std::string& lines) {
    const auto head = read_request_head(std::string("GET / HTTP/") + version + "\r\nHost: a\r\n" +
                                        lines + "\r\n");
    return head && head->keeps_open;
  };
  CHECK(keeps_open("1.1", ""));
  CHECK(keeps_open("1.1", "Connection: Upgrade\r\n"));
  CHECK_FALSE(keeps_open("1.1", "Connection: upgrade, CLOSE\r\n"));
  CHECK_FALSE(keeps_open("1.1", "Connection: x\r\nConnection:close\r\n"));
  CHECK_FALSE(keeps_open("1.0", ""));
  CHECK(keeps_open("1.0", "Connection: Keep-Alive\r\n"));
  CHECK_FALSE(keeps_open("1.0", "Connection: keep-alive, close\r\n"));
}

TEST_CASE("issue 12: 100-continue is understood in any case, alone or among other expectations") {
  const auto waits = [](const std::string& lines, const char* version = "1.1") {
    const auto head = read_request_head(std::string("POST / HTTP/") + version + "\r\nHost: a\r\n" +
                                        lines + "\r\n");
    return head && head->awaits_continue;
  };
  const std::string sized = "Content-Length: 1\r\n";
  CHECK(waits("Expect: 100-continue\r\n" + sized));
  CHECK(waits("expect: 100-CONTINUE\r\n" + sized));
  CHECK(waits("Expect: x=y, 100-Continue\r\n" + sized));
  CHECK(waits("Expect: x\r\nExpect: 100-continue\r\n" + sized));
  CHECK(waits("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"));
  CHECK_FALSE(waits("Expect: 100-continued\r\n" + sized));
  CHECK_FALSE(waits("Expect: x\r\n" + sized));
  CHECK_FALSE(waits("Expect: 100-continue\r\n"));
  CHECK_FALSE(waits("Expect: 100-continue\r\nContent-Length: 0\r\n"));
  CHECK_FALSE(waits("Expect: 100-continue\r\n" + sized, "1.0"));
}

TEST_CASE(
    "issue 12: a chunk's line is a size in hexadecimal digits, and extensions of their form") {
  CHECK(read_chunk_size("0") == 0);
  CHECK(read_chunk_size("1aF") == 0x1af);
  CHECK(read_chunk_size("000000000000000000000005") == 5);
  CHECK(read_chunk_size("ffffffffffffffff") == UINT64_MAX);
  for (const char* good :
       {"5;a", "5;a=b", "5 ; a = b", "5;a=\"b;\\\"c\"", "5;a;b=c\t;d", "5;a=\"\""}) {
    CAPTURE(good);
    CHECK(read_chunk_size(good) == 5);
  }
  for (const char* bad : {"",
                          " 5",
                          "5 ",
                          "5\t",
                          "+5",
                          "-5",
                          "0x5",
                          "5x",
                          "g",
                          "5;",
                          "5;;",
                          "5; ",
                          "5;=b",
                          "5;a=",
                          "5;a=\"b",
                          "5;a=b c",
                          "5 a",
                          "5,a",
                          "5;a=\"b\"c",
                          "5;a\x01",
                          "5;a=\"\x01\"",
                          "5\r",
                          "5;a\r",
                          "5;a=\"\\",
                          "10000000000000000",
                          "fffffffffffffffff",
                          "5\v",
                          "5;\xc2\xa0"}) {
    CAPTURE(bad);
    CHECK_FALSE(read_chunk_size(bad));
  }
  CHECK_FALSE(read_chunk_size(std::string_view("5\0", 2)));
}

}  // namespace
}  // namespace vsim::api
