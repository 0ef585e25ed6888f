// Goal: the documents about metrics are true. Every metric that the table in ops/prometheus names
// is there and explained, and there is no other; every metric and label that an alert or a panel
// asks for exists. Method: a system in which something of each kind has happened, its real pages,
// the shipped files.

#include <map>
#include <regex>
#include <set>

#include <doctest/doctest.h>

#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using harness::eventually;
using harness::Fleet;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;

namespace {

using Names = std::set<std::string>;

/// The whole and the groups of each match.
std::vector<std::vector<std::string>> all_of(const std::string& text, const std::regex& pattern) {
  std::vector<std::vector<std::string>> matches;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
    matches.emplace_back(at->begin(), at->end());
  }
  return matches;
}

/// Metric names with the names of their labels, and the names that have a HELP text.
struct Pages {
  std::map<std::string, Names> labels;
  Names explained;
  Names histograms;

  void read(const std::string& page) {
    for (const auto& help : all_of(page, std::regex(R"(# HELP (\w+) \S)"))) {
      explained.insert(help[1]);
    }
    for (const auto& type : all_of(page, std::regex(R"(# TYPE (\w+) histogram)"))) {
      histograms.insert(type[1]);
    }
    const std::regex sample(R"re((?:^|\n)(\w+)(?:\{([^\n]*)\})? [^\n ]+)re");
    for (const auto& match : all_of(page, sample)) {
      Names& known = labels[match[1]];
      for (const auto& label : all_of(match[2], std::regex(R"re((\w+)="(?:[^"\\]|\\.)*")re"))) {
        known.insert(label[1]);
      }
    }
  }

  /// "vsim_x_bucket" as "vsim_x", where that is a histogram.
  std::string family_of(const std::string& sample) const {
    for (const char* suffix : {"_bucket", "_sum", "_count"}) {
      const auto base = sample.substr(0, sample.rfind(suffix));
      if (base != sample && histograms.contains(base)) {
        return base;
      }
    }
    return sample;
  }
};

Pages pages_of(Fleet& fleet) {
  Pages pages;
  pages.read(HttpClient(fleet.worker_port()).get("/metrics").body);
  pages.read(fleet.client().get("/metrics").body);
  return pages;
}

/// Lets everything happen that has a metric which is not there before it has happened.
void live_a_little(Fleet& fleet) {
  HttpClient client = fleet.client();
  const std::string reaped = create_server(client, {.profile = "instant"})["id"].text();
  REQUIRE(act(client, reaped, "stop").status == 200);
  create_server(client, {.profile = "standard"});
  const HttpAnswer set =
      client.request("PUT", "/warm-pools/ci",
                     R"({"region":"us-east-1","type":"t2.micro","profile":"instant","target":1})",
                     {{"Content-Type", "application/json"}});
  REQUIRE_MESSAGE(set.status == 200, describe(set));
  const std::string poison = "vsim.cmd.us-east-1." + harness::random_uuid();
  REQUIRE(fleet.nats_cli({"pub", poison, "no command"}).ending.clean());
  for (const char* metric :
       {"vsim_servers_reaped_total", "vsim_billing_watermarks_total", "vsim_dead_letters_total",
        "vsim_commands_total", "vsim_servers", "vsim_billing_watermark_age_seconds",
        "vsim_warm_pool_ready", "vsim_warm_pool_target", "vsim_warm_pool_least",
        "vsim_warm_pool_provisions_total"}) {
    CHECK_MESSAGE(
        eventually([&] { return fleet.worker_metric(metric) > 0; }, std::chrono::seconds(30)),
        metric);
  }
}

/// What Prometheus adds by itself.
const Names given_labels = {"job", "instance", "le"};

/// One line, for messages.
std::string joined(const Names& names) {
  std::string line;
  for (const auto& name : names) {
    line += (line.empty() ? "" : " ") + name;
  }
  return line;
}

/// Names and labels of a query that the pages do not have.
std::string missing_in(const std::string& query, const Pages& pages) {
  Names missing;
  Names labels = given_labels;
  for (const auto& match : all_of(query, std::regex(R"(\b(?:vsim|process)_\w+)"))) {
    const std::string name = match[0];
    const auto known = pages.labels.find(name);
    if (known == pages.labels.end()) {
      missing.insert(name);
    } else {
      labels.insert(known->second.begin(), known->second.end());
    }
  }
  const auto ask_for = [&](const std::string& text, const std::string& pattern) {
    for (const auto& label : all_of(text, std::regex(pattern))) {
      if (!labels.contains(label[1])) {
        missing.insert(label[1]);
      }
    }
  };
  for (const auto& match : all_of(query, std::regex(R"(\{([^}]*)\})"))) {
    ask_for(match[1], R"re((\w+) *[=!])re");
  }
  for (const auto& match : all_of(query, std::regex(R"(\b(?:by|on|without) *\(([^)]*)\))"))) {
    ask_for(match[1], R"((\w+))");
  }
  return joined(missing);
}

/// A query and the texts that are filled in from the labels of its results.
struct Asked {
  std::string where;
  std::string query;
  std::vector<std::string> filled_in;  // labels
};

std::vector<Asked> alerts() {
  const auto rules = harness::read_file(harness::source_dir() + "/ops/prometheus/vsim.rules.yml");
  std::vector<Asked> asked;
  const std::regex rule(R"(- alert: (\w+)\n\s+expr:\s(?:>-)?([^]*?)\n\s+for:([^]*?)runbook:)");
  for (const auto& match : all_of(rules, rule)) {
    Asked alert{match[1], match[2], {}};
    for (const auto& label : all_of(match[3], std::regex(R"(\$labels\.(\w+))"))) {
      alert.filled_in.push_back(label[1]);
    }
    asked.push_back(std::move(alert));
  }
  return asked;
}

std::vector<Asked> panels() {
  const auto dashboard =
      Json::parse(harness::read_file(harness::source_dir() + "/ops/grafana/vsim.json"));
  std::vector<Asked> asked;
  for (const Json& panel : dashboard["panels"].elements()) {
    if (!panel.has("targets")) {
      continue;
    }
    for (const Json& target : panel["targets"].elements()) {
      Asked one{panel["title"].text(), target["expr"].text(), {}};
      const std::string legend = target["legendFormat"].text();
      for (const auto& label : all_of(legend, std::regex(R"(\{\{ *(\w+) *\}\})"))) {
        one.filled_in.push_back(label[1]);
      }
      asked.push_back(std::move(one));
    }
  }
  return asked;
}

void check_asked(const std::vector<Asked>& all, const Pages& pages) {
  for (const auto& [where, query, filled_in] : all) {
    CAPTURE(where);
    CAPTURE(query);
    CHECK(missing_in(query, pages) == "");
    for (const auto& label : filled_in) {
      CAPTURE(label);
      // A label survives an aggregation only where it is named; else any of the metric's will do.
      const bool aggregated = query.find(" by (") != std::string::npos;
      const auto pattern = std::regex("by \\([^)]*\\b" + label + "\\b");
      CHECK((given_labels.contains(label) || (aggregated && std::regex_search(query, pattern))));
    }
  }
}

}  // namespace

TEST_CASE("the table of metrics, the alerts and the dashboard ask for what there is") {
  Fleet fleet({.settings = {{"IDLE_TIMEOUT", "1s"}, {"BILLING_INTERVAL", "1s"}}});
  live_a_little(fleet);
  const Pages pages = pages_of(fleet);

  Names live;
  for (const auto& [sample, labels] : pages.labels) {
    if (sample.starts_with("vsim_")) {
      live.insert(pages.family_of(sample));
    }
  }
  const auto readme = harness::read_file(harness::source_dir() + "/ops/prometheus/README.md");
  Names named;
  for (const auto& row : all_of(readme, std::regex(R"(\n\| \w+ \| `(vsim_\w+)` \| ([^|]*)\|)"))) {
    named.insert(row[1]);
    Names labels;
    for (const auto& label : all_of(row[2], std::regex(R"(`(\w+)`)"))) {
      labels.insert(label[1]);
    }
    const auto sample = pages.histograms.contains(row[1]) ? row[1] + "_sum" : row[1];
    const auto shown = pages.labels.find(sample);
    CAPTURE(sample);
    CHECK((shown != pages.labels.end() && shown->second == labels));
  }
  CHECK(joined(named) == joined(live));
  for (const auto& name : live) {
    CHECK_MESSAGE(pages.explained.contains(name), name);
  }

  REQUIRE(alerts().size() >= 23);  // all are found
  check_asked(alerts(), pages);
  REQUIRE(panels().size() > 30);
  check_asked(panels(), pages);
}

TEST_CASE("a query for a metric or a label that does not exist is noticed") {
  Pages pages;
  pages.read("# HELP vsim_a x\n# TYPE vsim_a gauge\nvsim_a{region=\"x\"} 1\n");
  CHECK(missing_in("max by (region) (vsim_a{region=\"y\"})", pages) == "");
  CHECK(missing_in("max(vsim_b)", pages) == "vsim_b");
  CHECK(missing_in("max(vsim_a{zone=\"y\"})", pages) == "zone");
  CHECK(missing_in("max by (zone) (vsim_a)", pages) == "zone");
}
