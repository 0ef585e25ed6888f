#include "tests/runbook/load.h"

#include <fmt/format.h>

#include "tests/harness/servers.h"

namespace runbook {

std::vector<std::string> ask_for_servers(ShippedSystem& system, std::size_t count,
                                         const std::string& region) {
  harness::HttpClient api = system.api();
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < count; ++i) {
    const auto answer =
        api.post("/servers",
                 harness::create_body(
                     {.name = fmt::format("load-{}", i), .region = region, .profile = "instant"}),
                 {{"Prefer", "respond-async"}});
    if (answer.status != 202) {
      throw harness::UnexpectedAnswer(harness::describe(answer));
    }
    ids.push_back(answer.json()["server_id"].text());
  }
  return ids;
}

std::string make_server(ShippedSystem& system, const std::string& profile,
                        const std::string& region) {
  harness::HttpClient api = system.api();
  return harness::create_server(api, {.region = region, .profile = profile})["id"].text();
}

long messages_in(ShippedSystem& system, const std::string& stream) {
  return std::stol(system.shell("nats stream info " + stream + " --json | jq .state.messages"));
}

}  // namespace runbook
