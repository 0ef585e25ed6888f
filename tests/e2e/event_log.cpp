#include "tests/e2e/event_log.h"

#include <sstream>
#include <stdexcept>

namespace e2e {
namespace {

using harness::Json;

std::string text_or_empty(const Json& object, std::string_view name) {
  return object.has(name) && !object[name].is_null() ? object[name].text() : "";
}

ServerEvent server_event(const Json& message) {
  ServerEvent event;
  event.type = message["type"].text();
  event.version = message["version"].integer();
  event.command_id = text_or_empty(message, "command_id");
  event.request_id = text_or_empty(message, "correlation_id");
  event.status = text_or_empty(message["state"], "status");
  if (!event.status.empty()) {
    event.address = message["region"].text() + " " + message["state"]["ip"].text();
  }
  return event;
}

Json state_of(const NatsCli& nats, const std::string& stream) {
  return Json::parse(nats({"stream", "info", stream, "--json"}).text)["state"];
}

}  // namespace

NatsCli nats_cli_of(harness::Fleet& fleet) {
  return [&fleet](const std::vector<std::string>& arguments) { return fleet.nats_cli(arguments); };
}

EventLog read_event_log(harness::Fleet& fleet) { return read_event_log(nats_cli_of(fleet)); }

EventLog read_event_log(const NatsCli& nats) {
  const harness::Output output =
      nats({"sub", "--stream", "EVENTS", "--all", "--terminate-at-end", "--raw", "vsim.evt.>"});
  if (!output.ending.clean()) {
    throw std::runtime_error("EVENTS cannot be read:\n" + output.text);
  }
  EventLog log;
  std::istringstream lines(output.text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() != '{') {
      continue;  // what the CLI says about itself
    }
    const Json message = Json::parse(line);
    if (message["type"].text() == "address_claimed") {
      log.holder[message["region"].text() + " " + message["ip"].text()] =
          message["server_id"].text();
    } else if (message.has("server_id")) {
      log.servers[message["server_id"].text()].push_back(server_event(message));
    }
  }
  return log;
}

std::int64_t end_of(harness::Fleet& fleet, const std::string& stream) {
  return state_of(nats_cli_of(fleet), stream)["last_seq"].integer();
}

std::int64_t waiting_commands(const NatsCli& nats) {
  return state_of(nats, "COMMANDS")["messages"].integer();
}

std::int64_t waiting_commands(harness::Fleet& fleet) {
  return waiting_commands(nats_cli_of(fleet));
}

}  // namespace e2e
