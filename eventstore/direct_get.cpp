#include "eventstore/direct_get.h"

#include <algorithm>

#include <fmt/format.h>

#include "domain/decimal.h"

namespace vsim::eventstore {
namespace {

// What direct get adds behind a message's own headers.
struct Added {
  std::string subject;
  std::string sequence;
  std::string time_stamp;
};

std::string take_last(Headers& headers, std::string_view name) {
  const auto last = std::find_if(headers.rbegin(), headers.rend(),
                                 [name](const Header& header) { return header.name == name; });
  if (last == headers.rend()) {
    return {};
  }
  auto value = std::move(last->value);
  headers.erase(std::next(last).base());
  return value;
}

Added take_added(Headers& headers) {
  for (const auto* name :
       {"Nats-Stream", "Nats-Num-Pending", "Nats-Last-Sequence", "Nats-UpTo-Sequence"}) {
    take_last(headers, name);
  }
  return {take_last(headers, "Nats-Subject"), take_last(headers, "Nats-Sequence"),
          take_last(headers, "Nats-Time-Stamp")};
}

Result<std::optional<Message>> get(const Broker& broker, const std::string& stream,
                                   const std::string& request) {
  auto reply = broker.request("$JS.API.DIRECT.GET." + stream, request);
  if (!reply) {
    return tl::unexpected(reply.error());
  }
  return to_message(std::move(*reply));
}

}  // namespace

Result<std::optional<Message>> to_message(Received&& received) {
  // A message may bear such headers itself: a copy from a stream that republishes into another.
  const Added added = take_added(received.headers);
  const auto& sequence = added.sequence;
  if (sequence.empty()) {
    const auto status = find_header(received.headers, "Status");
    if (status == "404") {
      return std::optional<Message>();
    }
    const auto text = find_header(received.headers, "Description");
    return fail(status == "503" ? Error::Kind::unavailable : Error::Kind::refused,
                fmt::format("direct get: {} {}", status, text));
  }
  Message message;
  message.subject = added.subject;
  message.stored_at = parse_timestamp(added.time_stamp);
  message.sequence = read_decimal(sequence).value_or(0);
  message.payload = std::move(received.payload);
  message.headers = std::move(received.headers);
  return std::optional<Message>(std::move(message));
}

Result<std::optional<Message>> get_last(const Broker& broker, const std::string& stream,
                                        const std::string& filter) {
  return get(broker, stream, fmt::format(R"({{"last_by_subj":"{}"}})", filter));
}

Result<std::optional<Message>> get_next(const Broker& broker, const std::string& stream,
                                        const std::string& filter, Sequence from) {
  return get(broker, stream, fmt::format(R"({{"seq":{},"next_by_subj":"{}"}})", from, filter));
}

Result<std::optional<Message>> get_at(const Broker& broker, const std::string& stream,
                                      Sequence sequence) {
  return get(broker, stream, fmt::format(R"({{"seq":{}}})", sequence));
}

}  // namespace vsim::eventstore
