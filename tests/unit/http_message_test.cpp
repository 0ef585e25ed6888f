// Goal: headers are found whatever the case of their names.
// Method: a request made here.

#include "api/connections/http_message.h"

#include <doctest/doctest.h>

namespace vsim::api {
namespace {

TEST_CASE("headers are found in any case, as they were sent") {
  HttpRequest request;
  request.headers = {{"Host", "x"},
                     {"Idempotency-Key", "50%25 off"},
                     {"Prefer", "wait=1"},
                     {"Empty", ""},
                     {"prefer", "respond-async"}};
  CHECK(request.header("idempotency-key") == "50%25 off");
  CHECK(request.header("HOST") == "x");
  CHECK(request.has_header("Empty"));
  CHECK(request.header("Empty").empty());
  CHECK_FALSE(request.has_header("Hos"));
  CHECK(request.joined_header("Prefer") == "wait=1, respond-async");
  CHECK(request.count_headers("PREFER") == 2);
}

}  // namespace
}  // namespace vsim::api
