#include "eventstore/api_reply.h"

#include <simdjson.h>

#include "eventstore/broker.h"

namespace vsim::eventstore {
namespace {

// A member that may be missing: then the value stays as it is.
template <typename Value>
void take(simdjson::simdjson_result<simdjson::dom::element> member, Value& value) {
  Value found{};
  if (member.get(found) == simdjson::SUCCESS) {
    value = found;
  }
}

}  // namespace

ApiReply read_api_reply(std::string_view json) {
  thread_local simdjson::dom::parser parser;
  ApiReply reply;
  simdjson::dom::object root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    reply.error = ApiError{0, "the broker's answer is no JSON object: " + std::string(json)};
    return reply;
  }
  simdjson::dom::object error;
  if (root["error"].get(error) == simdjson::SUCCESS) {
    std::int64_t code = 0;
    std::string_view description;
    take(error["err_code"], code);
    take(error["description"], description);
    reply.error = ApiError{static_cast<int>(code), std::string(description)};
  }
  take(root["seq"], reply.sequence);
  take(root["duplicate"], reply.duplicate);
  take(root["count"], reply.count);
  std::string_view type;
  take(root["type"], type);
  reply.type = type;
  return reply;
}

// Rests on request() alone, so the simulation's broker has it from here too.
Result<std::string> Broker::api(const std::string& subject, std::string_view json) const {
  auto reply = request(subject, json);
  if (!reply) {
    return tl::unexpected(reply.error());
  }
  const auto parsed = read_api_reply(reply->payload);
  if (parsed.error) {
    return fail(Error::Kind::refused,
                parsed.error->description + " (" + std::to_string(parsed.error->err_code) + ")");
  }
  return std::move(reply->payload);
}

}  // namespace vsim::eventstore
