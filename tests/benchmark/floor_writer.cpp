#include "tests/benchmark/floor_writer.h"

#include <chrono>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "domain/decimal.h"

namespace vsim::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds answer_wait_max{10};
// About what vsim's own messages weigh.
const std::string command_body(90, 'c');
const std::string server_event_body(900, 's');
const std::string address_event_body(250, 'a');
constexpr const char* expected_header = "Nats-Expected-Last-Subject-Sequence";

/// The sequence in {"stream":"X","seq":17}.
std::uint64_t sequence_in(const std::string& ack) {
  constexpr std::string_view name = "\"seq\":";
  const auto at = ack.find(name);
  if (at == std::string::npos) {
    throw std::runtime_error("the broker's ack names no sequence: " + ack);
  }
  const auto begin = at + name.size();
  return read_decimal(ack.substr(begin, ack.find_first_of(",}", begin) - begin)).value();
}

}  // namespace

FloorWriter::FloorWriter(natsConnection& connection, SessionPool& sessions,
                         const FloorStores& stores, std::size_t number)
    : connection_(connection),
      sessions_(sessions),
      stores_(stores),
      inbox_(new_inbox()),
      answers_(subscribe(connection, inbox_ + ".>")),
      key_(std::to_string(number)) {}

void FloorWriter::create() {
  send_command();
  append_chain();
  sessions_.write_row(fmt::format("{}-{}", key_, count_), server_event_body);
  tell();
}

void FloorWriter::act() {
  send_command();
  append_event();
  sessions_.write_row(key_, server_event_body);
  tell();
}

void FloorWriter::send_command() {
  const std::string id = fmt::format("{}-{}", key_, ++count_);
  publish(fmt::format("{}.cmd.{}", stores_.name(), id), inbox_ + ".command", command_body,
          "Nats-Msg-Id", id);
  await("command");
}

/// The reply subjects make the chain: BATCH.FLOW.GAPS.NUMBER.OPERATION.$FI below the inbox; the
/// operations are 0, the first message, and 2, the last one (nats-server 2.15, fast ingest).
void FloorWriter::append_chain() {
  const std::string batch = fmt::format("w{}x{}", key_, count_);  // nobody else's on the stream
  const std::string chain = fmt::format("{}.{}.1000.fail", inbox_, batch);
  const std::string name = stores_.name();
  publish(fmt::format("{}.evt.address.{}-{}", name, key_, count_), chain + ".1.0.$FI",
          address_event_body, expected_header, "0");
  publish(fmt::format("{}.evt.server.{}-{}", name, key_, count_), chain + ".2.2.$FI",
          server_event_body, expected_header, "0");
  const std::string end = await(batch);
  if (end.find("\"count\":2") == std::string::npos) {
    throw std::runtime_error("the broker has not stored the chain: " + end);
  }
}

void FloorWriter::append_event() {
  publish(fmt::format("{}.evt.server.{}", stores_.name(), key_), inbox_ + ".event",
          server_event_body, expected_header, std::to_string(last_event_));
  last_event_ = sequence_in(await("event"));
}

void FloorWriter::tell() {
  publish(inbox_ + ".told", {}, server_event_body, "Vsim-Sequence", std::to_string(count_));
  await("told");
}

void FloorWriter::publish(const std::string& subject, const std::string& reply_to,
                          const std::string& body, const char* header, const std::string& value) {
  natsMsg* raw = nullptr;
  check(natsMsg_Create(&raw, subject.c_str(), reply_to.empty() ? nullptr : reply_to.c_str(),
                       body.data(), static_cast<int>(body.size())),
        "message");
  const NatsMessage message(raw);
  check(natsMsgHeader_Set(raw, header, value.c_str()), "header");
  check(natsConnection_PublishMsg(&connection_, raw), "publish");
}

std::string FloorWriter::await(const std::string& token) {
  const auto give_up = Clock::now() + answer_wait_max;
  while (Clock::now() < give_up) {
    const NatsMessage message = next_message(answers_, std::chrono::milliseconds(200));
    if (!message) {
      continue;
    }
    const std::string_view below =
        std::string_view(natsMsg_GetSubject(message.get())).substr(inbox_.size() + 1);
    std::string data(natsMsg_GetData(message.get()),
                     static_cast<std::size_t>(natsMsg_GetDataLength(message.get())));
    if (below.substr(0, below.find('.')) != token ||
        data.find("\"type\":\"ack\"") != std::string::npos) {
      continue;
    }
    if (data.find("\"error\"") != std::string::npos) {
      throw std::runtime_error("the broker refuses: " + data);
    }
    return data;
  }
  throw std::runtime_error("no answer to " + token);
}

}  // namespace vsim::bench
