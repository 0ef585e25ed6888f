#include "eventstore/broker_facts.h"

#include <algorithm>

#include <simdjson.h>

namespace vsim::eventstore {
namespace {

namespace dom = simdjson::dom;

/// What stands behind a JSON pointer; the type's zero when nothing of that type does.
template <typename Value>
Value value_at(const dom::element& root, std::string_view pointer) {
  Value value{};
  if (root.at_pointer(pointer).get(value) != simdjson::SUCCESS) {
    return Value{};
  }
  return value;
}

std::uint64_t number_at(const dom::element& root, std::string_view pointer) {
  return value_at<std::uint64_t>(root, pointer);
}

template <typename Read>
auto ask(const Broker& broker, const std::string& subject, Read&& read)
    -> Result<decltype(read(std::declval<dom::element>()))> {
  const auto json = broker.api(subject, "");
  if (!json) {
    return tl::unexpected(json.error());
  }
  dom::parser parser;
  dom::element root;
  if (parser.parse(*json).get(root) != simdjson::SUCCESS) {
    return fail(Error::Kind::unknown, "the broker's answer is no JSON");
  }
  return read(root);
}

}  // namespace

Result<StreamFacts> stream_facts(const Broker& broker, std::string_view stream) {
  const auto subject = "$JS.API.STREAM.INFO." + std::string(stream);
  auto answer = ask(broker, subject, [](const dom::element& root) {
    StreamFacts facts;
    facts.created = std::string(value_at<std::string_view>(root, "/created"));
    facts.messages = number_at(root, "/state/messages");
    facts.bytes = number_at(root, "/state/bytes");
    facts.first_sequence = number_at(root, "/state/first_seq");
    facts.last_sequence = number_at(root, "/state/last_seq");
    facts.replicas = number_at(root, "/config/num_replicas");
    facts.answered_at = parse_timestamp(value_at<std::string_view>(root, "/ts"));
    if (facts.messages == 0) {
      return facts;
    }
    const auto age_of = [&](std::string_view pointer) {
      const auto stored_at = parse_timestamp(value_at<std::string_view>(root, pointer));
      return std::max(facts.answered_at - stored_at, std::chrono::nanoseconds(0));
    };
    facts.oldest_age = age_of("/state/first_ts");
    facts.newest_age = age_of("/state/last_ts");
    return facts;
  });
  if (answer && (answer->created.empty() || answer->answered_at == Timestamp{})) {
    return fail(Error::Kind::refused, "stream info of " + std::string(stream) + " tells no times");
  }
  return answer;
}

Result<ConsumerFacts> consumer_facts(const Broker& broker, std::string_view stream,
                                     std::string_view consumer) {
  const auto subject = "$JS.API.CONSUMER.INFO." + std::string(stream) + "." + std::string(consumer);
  return ask(broker, subject, [](const dom::element& root) {
    ConsumerFacts facts;
    facts.delivered = number_at(root, "/delivered/stream_seq");
    facts.pulls_waiting = number_at(root, "/num_waiting");
    facts.in_hand = number_at(root, "/num_ack_pending");
    facts.redelivered = number_at(root, "/num_redelivered");
    facts.ack_wait = std::chrono::nanoseconds(value_at<std::int64_t>(root, "/config/ack_wait"));
    facts.paused = value_at<bool>(root, "/paused");
    if (facts.paused) {
      facts.paused_until = std::string(value_at<std::string_view>(root, "/config/pause_until"));
    }
    return facts;
  });
}

Result<StorageFacts> storage_facts(const Broker& broker) {
  return ask(broker, "$JS.API.INFO", [](const dom::element& root) {
    StorageFacts facts;
    facts.bytes = number_at(root, "/storage");
    const auto most = value_at<std::int64_t>(root, "/limits/max_storage");
    if (most > 0) {
      facts.bytes_max = static_cast<std::uint64_t>(most);
    }
    return facts;
  });
}

}  // namespace vsim::eventstore
