#include "schema/messages/advisories.h"

#include "schema/messages/json_fields.h"
#include "schema/messages/subjects.h"

namespace vsim::messages {

std::optional<MaxDeliveries> read_max_deliveries(const eventstore::Message& advisory) {
  const std::string subject = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES." +
                              std::string(commands_stream) + "." + std::string(commands_consumer);
  if (advisory.subject != subject) {
    return std::nullopt;
  }
  std::string error;
  const auto object = parse_object(advisory.payload, error);
  if (!object) {
    return std::nullopt;
  }
  const Fields fields(*object, error);
  const MaxDeliveries read{fields.count("stream_seq"), fields.count("deliveries")};
  return error.empty() ? std::optional(read) : std::nullopt;
}

}  // namespace vsim::messages
