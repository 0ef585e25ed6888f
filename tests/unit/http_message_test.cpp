// Goal: headers are found as they were sent, whatever their case and blanks.
// Method: split a head written out here, with lines that are no headers among it.

#include "api/http_message.h"

#include <doctest/doctest.h>

namespace vsim::api {
namespace {

TEST_CASE("headers are found in any case, as they were sent") {
  HttpRequest request;
  request.head =
      "GET /a:b HTTP/1.1\r\nHost: x\r\nIdempotency-Key:  50%25 off \t\r\nPrefer: wait=1\r\n"
      "no header\r\n: nameless\r\nEmpty:\r\nprefer: respond-async\r\n\r\n";
  request.headers = split_headers(request.head);
  CHECK(request.header("idempotency-key") == "50%25 off");
  CHECK(request.header("HOST") == "x");
  CHECK(request.header("Empty").empty());
  CHECK(request.header("GET /a").empty());
  CHECK(request.joined_header("Prefer") == "wait=1, respond-async");
  CHECK(request.headers.size() == 5);
}

TEST_CASE("a head that broke off has the headers it has") {
  CHECK(split_headers("").empty());
  CHECK(split_headers("GET / HTTP/1.1").empty());
  CHECK(split_headers("GET / HTTP/1.1\r\nHost").empty());
  CHECK(split_headers("GET / HTTP/1.1\r\nHost: x").size() == 1);
}

}  // namespace
}  // namespace vsim::api
