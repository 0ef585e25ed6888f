#include "eventstore/api_reply.h"

#include <simdjson.h>

namespace vsim::eventstore {

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
    (void)error["err_code"].get(code);
    (void)error["description"].get(description);
    reply.error = ApiError{static_cast<int>(code), std::string(description)};
  }
  (void)root["seq"].get(reply.sequence);
  (void)root["duplicate"].get(reply.duplicate);
  return reply;
}

}  // namespace vsim::eventstore
