#include "eventstore/direct_get.h"

#include <charconv>

#include <fmt/format.h>
#include <simdjson.h>

namespace vsim::eventstore {
namespace {

// The names that direct get adds to a message's own headers.
bool is_added(std::string_view name) {
  return name == "Nats-Stream" || name == "Nats-Subject" || name == "Nats-Sequence" ||
         name == "Nats-Time-Stamp" || name == "Nats-Num-Pending" || name == "Nats-Last-Sequence" ||
         name == "Nats-UpTo-Sequence";
}

Result<std::optional<Message>> get(const Broker& broker, const std::string& stream,
                                   const std::string& request) {
  auto reply = broker.request("$JS.API.DIRECT.GET." + stream, request);
  if (!reply) return tl::unexpected(reply.error());
  return to_message(std::move(*reply));
}

}  // namespace

Result<std::optional<Message>> to_message(Received&& received) {
  const auto sequence = find_header(received.headers, "Nats-Sequence");
  if (sequence.empty()) {
    const auto status = find_header(received.headers, "Status");
    if (status == "404") return std::optional<Message>();
    const auto text = find_header(received.headers, "Description");
    return fail(status == "503" ? Error::Kind::unavailable : Error::Kind::refused,
                fmt::format("direct get: {} {}", status, text));
  }
  Message message;
  message.subject = find_header(received.headers, "Nats-Subject");
  message.stored_at = parse_timestamp(find_header(received.headers, "Nats-Time-Stamp"));
  std::from_chars(sequence.data(), sequence.data() + sequence.size(), message.sequence);
  message.payload = std::move(received.payload);
  for (auto& header : received.headers) {
    if (!is_added(header.name)) message.headers.push_back(std::move(header));
  }
  return std::optional<Message>(std::move(message));
}

Result<std::optional<Message>> get_last(const Broker& broker, const std::string& stream,
                                        const std::string& filter) {
  return get(broker, stream, fmt::format(R"({{"last_by_subj":"{}"}})", filter));
}

Result<std::optional<Message>> get_at(const Broker& broker, const std::string& stream,
                                      Sequence sequence) {
  return get(broker, stream, fmt::format(R"({{"seq":{}}})", sequence));
}

Result<Sequence> last_stream_sequence(const Broker& broker, const std::string& stream) {
  const auto info = broker.api("$JS.API.STREAM.INFO." + stream, "");
  if (!info) return tl::unexpected(info.error());
  simdjson::dom::parser parser;
  Sequence last = 0;
  if (parser.parse(*info)["state"]["last_seq"].get(last) != simdjson::SUCCESS) {
    return fail(Error::Kind::refused, "stream info of " + stream + " tells no last_seq");
  }
  return last;
}

Result<std::string> stream_created(const Broker& broker, const std::string& stream) {
  const auto info = broker.api("$JS.API.STREAM.INFO." + stream, "");
  if (!info) return tl::unexpected(info.error());
  simdjson::dom::parser parser;
  std::string_view created;
  if (parser.parse(*info)["created"].get(created) != simdjson::SUCCESS) {
    return fail(Error::Kind::refused, "stream info of " + stream + " tells no time of making");
  }
  return std::string(created);
}

Result<std::chrono::nanoseconds> clock_skew(const Broker& broker, const std::string& stream) {
  using std::chrono::system_clock;
  const auto asked_at = system_clock::now();
  const auto info = broker.api("$JS.API.STREAM.INFO." + stream, "");
  const auto answered_at = system_clock::now();
  if (!info) return tl::unexpected(info.error());
  simdjson::dom::parser parser;
  std::string_view time;
  if (parser.parse(*info)["ts"].get(time) != simdjson::SUCCESS) {
    return fail(Error::Kind::refused, "stream info of " + stream + " tells no time");
  }
  return Timestamp(asked_at + (answered_at - asked_at) / 2) - parse_timestamp(time);
}

}  // namespace vsim::eventstore
