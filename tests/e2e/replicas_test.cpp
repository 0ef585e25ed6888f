// Goal: two APIs and three workers behave like one of each.
// Method: the same lifecycle claims, every write through one API and every read through the other.

#include <doctest/doctest.h>

#include "tests/e2e/lifecycle_set.h"
#include "tests/harness/fleet.h"

TEST_CASE("two APIs and three workers pass the same lifecycle claims as one of each") {
  const harness::SchemaCopy schema;
  schema.replace("regions.json", "192.168.20.100", "192.168.20.2");
  harness::Fleet fleet(
      {.apis = 2, .workers = 3, .settings = {{"TIME_SCALE", "10"}}, .schema_dir = schema.path()});
  harness::HttpClient first = fleet.client(0);
  harness::HttpClient second = fleet.client(1);
  e2e::check_lifecycle({first, second}, "eu-west-1");
  e2e::check_lifecycle({second, first}, "eu-west-1");
}
