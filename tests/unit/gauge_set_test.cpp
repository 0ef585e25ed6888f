// Goal: a set of gauges shows what it was last given, and nothing of before. Method: replace it and
// read the page.

#include <doctest/doctest.h>

#include "ops/telemetry/metrics.h"

using vsim::telemetry::Metrics;

TEST_CASE("gauges that are not among the new ones are gone from the page, the others stay") {
  Metrics metrics;
  const auto ages = metrics.gauge_set("vsim_ages", "Ages");
  ages.replace({{{{"region", "a"}}, 1}, {{{"region", "b"}}, 2}});
  CHECK(metrics.text().find("vsim_ages{region=\"a\"} 1") != std::string::npos);
  CHECK(metrics.text().find("vsim_ages{region=\"b\"} 2") != std::string::npos);
  ages.replace({{{{"region", "b"}}, 3}, {{{"region", "c"}}, 4}});
  CHECK(metrics.text().find("vsim_ages{region=\"a\"}") == std::string::npos);
  CHECK(metrics.text().find("vsim_ages{region=\"b\"} 3") != std::string::npos);
  CHECK(metrics.text().find("vsim_ages{region=\"c\"} 4") != std::string::npos);
  ages.replace({});
  CHECK(metrics.text().find("vsim_ages{") == std::string::npos);
}
