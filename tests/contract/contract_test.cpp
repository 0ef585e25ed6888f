// Goal: whatever a caller sends, the API answers as /openapi.json says: no 5xx, no answer that its
// schema does not allow, no dropped connection, nothing valid refused, nothing invalid taken.
// Method: schemathesis makes requests, valid and invalid ones, of the document that a live fleet
// serves, and judges every answer. Then what the fleet counted is looked at, since a run in which
// hardly anything succeeds proves little, and the read models are verified against the log.
//
// VSIM_SEED asks otherwise. VSIM_CONTRACT_SECONDS lets it go on for that long, with a seed of its
// own (ops/fuzz does), and VSIM_CONTRACT_REPORT names a folder for what was found.

#include <cstdlib>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/scratch_dir.h"
#include "tests/harness/seed.h"
#include "tests/harness/servers.h"

using harness::Fleet;
using harness::HttpAnswer;
using harness::HttpClient;
using harness::Json;
using harness::Output;

namespace {

constexpr int cases_an_operation = 80;  // of each phase that draws them
constexpr std::uint64_t seed_of_tests = 1;
constexpr double succeeded_least = 0.30;  // of all requests; half of them are meant to be refused

std::string setting(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

/// What decides whether a change lands asks the same each time; a long run asks what is new.
std::uint64_t seed_of_run() {
  const bool is_short = setting("VSIM_CONTRACT_SECONDS", "").empty();
  return is_short && setting("VSIM_SEED", "").empty() ? seed_of_tests : harness::test_seed();
}

/// Addresses for thousands of servers, and some servers to begin with; their ids, by commas.
std::string furnish(Fleet& fleet) {
  HttpClient client = fleet.client();
  harness::extend_pool(fleet.client(), "10.6.0.0/18");
  std::string ids;
  for (int i = 0; i < 5; ++i) {
    const Json server = create_server(client, {.name = "web-" + std::to_string(i)});
    ids += (ids.empty() ? "" : ",") + server["id"].text();
  }
  return ids;
}

/// A warm pool under the name that is asked for most, and servers that were acquired from it.
std::string acquire_some(Fleet& fleet) {
  HttpClient client = fleet.client();
  const HttpAnswer set = client.request("PUT", "/warm-pools/instant",
                                        R"({"region":"us-east-1","type":"t2.micro","target":3})",
                                        {{"Content-Type", "application/json"}});
  REQUIRE_MESSAGE(set.status == 200, describe(set));
  std::string ids;
  for (int i = 0; i < 5; ++i) {
    const HttpAnswer had =
        client.post("/warm-pools/instant/acquire", "{}", {{"Prefer", "wait=20"}});
    REQUIRE_MESSAGE(had.status == 200, describe(had));
    ids += (ids.empty() ? "" : ",") + had.json()["id"].text();
  }
  return ids;
}

Output run_schemathesis(Fleet& fleet, const std::string& servers, std::uint64_t seed,
                        const std::string& report) {
  const std::string seconds = setting("VSIM_CONTRACT_SECONDS", "");
  const std::string contract = harness::source_dir() + "/tests/contract";
  harness::ChildOptions options;
  options.argv = {harness::find_program("VSIM_SCHEMATHESIS", "schemathesis"),
                  "--config-file",
                  contract + "/schemathesis.toml",
                  "run",
                  "http://127.0.0.1:" + std::to_string(fleet.api_port()) + "/openapi.json",
                  "--seed=" + std::to_string(seed),
                  "--max-examples=" + std::to_string(cases_an_operation),
                  "--report=ndjson",
                  "--report-dir=" + report,
                  "--no-color"};
  if (!seconds.empty()) {
    options.argv.push_back("--max-time=" + seconds);
  }
  options.working_directory = report;  // where it leaves caches of its own
  options.environment = {{"SCHEMATHESIS_HOOKS", contract + "/hooks.py"},
                         {"VSIM_CONTRACT_SERVERS", servers},
                         {"VSIM_CONTRACT_ASSIGNED", acquire_some(fleet)},
                         {"PYTHONDONTWRITEBYTECODE", "1"}};
  const std::chrono::seconds wait_max(300 + 2 * std::atoi(seconds.c_str()));
  return harness::run_program(options, wait_max);
}

double requests(const std::string& metrics, const std::string& labels) {
  return harness::metric_sum(metrics, "vsim_http_requests_total", labels);
}

std::string upper_case(std::string text) {
  for (char& c : text) {
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return text;
}

double failures(HttpClient& client) {
  return requests(client.get("/metrics").body, "status=\"5xx\"");
}

/// Every documented route has had its say.
void check_counts(HttpClient& client) {
  const Json document = client.get("/openapi.json").json();
  const std::string metrics = client.get("/metrics").body;
  for (const auto& [path, item] : document["paths"].members()) {
    for (const auto& [method, operation] : item.members()) {
      if (method == "parameters") {
        continue;
      }
      const std::string route = "method=\"" + upper_case(method) + "\",route=\"" + path + "\",";
      const double succeeded = requests(metrics, route + "status=\"2xx\"");
      MESSAGE(upper_case(method), " ", path, ": ", succeeded, " succeeded, ",
              requests(metrics, route + "status=\"4xx\""), " refused");
      CHECK_MESSAGE(succeeded > 0, "no request of this route has succeeded");
    }
  }
  const double all = requests(metrics, "");
  const double succeeded = requests(metrics, "status=\"2xx\"");
  MESSAGE("all: ", all, " requests, ", succeeded, " succeeded");
  CHECK(succeeded >= succeeded_least * all);
}

}  // namespace

TEST_CASE("the API keeps its contract, whatever is sent") {
  const std::uint64_t seed = seed_of_run();
  MESSAGE("VSIM_SEED=", seed);
  const harness::ScratchDir scratch("vsim-contract");
  Fleet fleet({.settings = {{"PROFILE", "instant"}, {"SWAGGER_DIR", harness::swagger_dir()}}});
  const std::string servers = furnish(fleet);
  HttpClient client = fleet.client();
  const double failed_before = failures(client);  // while it was not ready

  const Output output =
      run_schemathesis(fleet, servers, seed, setting("VSIM_CONTRACT_REPORT", scratch.path()));
  CHECK_MESSAGE(output.ending.clean(), output.text);

  check_counts(client);
  CHECK(failures(client) == failed_before);
  CHECK(fleet.api().running());
  fleet.wait_until_ready();
  const Output verified = fleet.vsimctl({"verify"});
  CHECK_MESSAGE(verified.text.find("no difference") != std::string::npos, verified.text);
}
