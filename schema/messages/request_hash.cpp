#include "schema/messages/request_hash.h"

#include <vector>

#include "schema/messages/json_fields.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/sha256.h"
#include "schema/messages/subjects.h"

namespace vsim::messages {
namespace {

using eventstore::find_header;

constexpr auto cure =
    "; send it without Vsim-Command-Id and Vsim-Request-Hash to have it carried out as a command "
    "of its own";

// A request that becomes a command: its route as the API has it.
struct Route {
  std::string method;
  std::string path;
};

// The pool whose path an acquisition came by.
std::string pool_of_acquire(std::string_view payload) {
  std::string error;
  const auto object = parse_object(payload, error);
  return object ? std::string(Fields(*object, error).text("pool")) : std::string();
}

// All that the payload may have come by.
std::vector<Route> routes_of(const CommandTarget& target, std::string_view type,
                             std::string_view payload) {
  switch (target.kind) {
    case CommandTarget::Kind::pool:
      return {{"POST", "/regions/" + target.region.name + "/addresses"}};
    case CommandTarget::Kind::region:
      return {{type == "lift_incident" ? "DELETE" : "PUT",
               "/regions/" + target.region.name + "/incident"}};
    case CommandTarget::Kind::clock:
      return {{"POST", "/clock"}};
    case CommandTarget::Kind::faults:
      return {{type == "lift_faults" ? "DELETE" : "PUT", "/faults"}};
    case CommandTarget::Kind::warm_pool:
      return {
          {type == "drain_warm_pool" ? "DELETE" : "PUT", "/warm-pools/" + target.warm_pool.name}};
    case CommandTarget::Kind::server:
      break;
  }
  if (type == "create") {
    return {{"POST", "/servers"}};
  }
  const auto server = "/servers/" + target.server.to_string();
  if (type == "extend_lease") {
    return {{"POST", server + "/lease"}};
  }
  if (type == "acquire") {
    return {{"POST", "/warm-pools/" + pool_of_acquire(payload) + "/acquire"}};
  }
  if (type == "release") {
    return {{"POST", server + "/release"}};
  }
  std::vector<Route> routes = {{"POST", server + "/action"}};
  if (type == "terminate") {
    routes.push_back({"DELETE", server});
  }
  return routes;
}

}  // namespace

std::string request_hash(std::string_view method, std::string_view path, std::string_view payload,
                         std::string_view match) {
  std::string text;
  text.reserve(method.size() + path.size() + payload.size() + match.size() + 16);
  text.append(method).append(" ").append(path).append("\n").append(payload);
  if (!match.empty()) {
    text.append("\nIf-Match: ").append(match);
  }
  return sha256_hex(text);
}

std::optional<std::string> find_misfit(const eventstore::Message& command, std::string_view type) {
  const auto hash = find_header(command.headers, header::request_hash);
  const auto id = find_header(command.headers, header::command_id);
  const auto target = parse_command_subject(command.subject);
  if (id.empty() || !target || !sha256_from_hex(hash)) {
    return std::nullopt;
  }
  const auto match = find_header(command.headers, header::if_match);
  if (match.empty() && !find_header(command.headers, header::only_at).empty()) {
    return std::nullopt;
  }
  const auto payload =
      type == "create" ? target->region.name + "\n" + command.payload : command.payload;
  for (const auto& [method, path] : routes_of(*target, type, command.payload)) {
    if (request_hash(method, path, payload, match) == hash) {
      return std::nullopt;
    }
  }
  return "the payload does not fit Vsim-Request-Hash: the id " + std::string(id) +
         " was given to another request" + cure;
}

std::optional<std::string> find_misfit(const Cause& given, const Cause& command) {
  const bool both_hashed = !given.request_hash.empty() && !command.request_hash.empty();
  const bool fits =
      given.type == command.type && (!both_hashed || given.request_hash == command.request_hash);
  if (fits) {
    return std::nullopt;
  }
  return "the id " + command.command.to_string() + " was given to another command, " +
         (given.type == command.type ? "another " : "a ") + given.type + cure;
}

}  // namespace vsim::messages
