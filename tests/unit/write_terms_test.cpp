// Goal: a tag that a client has is understood by workers of every build, and requests that ask to
// wait are known. Method: the versions of a write, for servers of which commands were refused and
// of which none was; requests as values.

#include "api/write_terms.h"

#include <doctest/doctest.h>

using namespace vsim;
using namespace vsim::api;

namespace {

using Versions = std::optional<std::vector<Version>>;

/// For a server that changed last at version 3, two refusals ago.
Versions sent(Versions wanted, Version version = 5) {
  read_model::ServerRow server;
  server.changed_version = 3;
  server.version = version;
  add_version_of_older_builds(wanted, server);
  return wanted;
}

}  // namespace

TEST_CASE("workers of older builds get the version that they compare with (issue 12, 7)") {
  CHECK(sent({{3}}) == Versions{{3, 5}});
  CHECK(sent({{1, 3}}) == Versions{{1, 3, 5}});
  CHECK(sent({{5, 3}}) == Versions{{5, 3}});
  CHECK(sent({{3}}, 3) == Versions{{3}});
}

TEST_CASE("a tag of another state of the server is sent as it is, and so is none") {
  using List = std::vector<Version>;
  for (const Versions& wanted :
       {Versions(List{2}), Versions(List{4}), Versions(List{}), Versions()}) {
    CHECK(sent(wanted) == wanted);
  }
}

TEST_CASE("a request asks to wait by until=settled, and a read also by Prefer") {
  const auto asks = [](const char* method, const char* query, Headers headers = {}) {
    HttpRequest request;
    request.method = method;
    request.query = query;
    request.headers = std::move(headers);
    return asks_to_wait(request);
  };
  CHECK(asks("POST", "until=settled"));
  CHECK(asks("GET", "until=settled"));
  CHECK(asks("GET", "", {{"Prefer", "wait=5"}}));
  CHECK_FALSE(asks("POST", "", {{"Prefer", "wait=5"}}));  // every write waits for its outcome
  CHECK_FALSE(asks("GET", ""));
  CHECK_FALSE(asks("GET", "until=never"));
  CHECK_FALSE(asks("GET", "limit=5"));
}
