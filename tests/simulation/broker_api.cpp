#include "tests/simulation/broker_api.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>
#include <simdjson.h>

#include "tests/simulation/broker_hub.h"

namespace vsim::simulation {
namespace {

namespace dom = simdjson::dom;
using eventstore::Received;

constexpr std::size_t filters_max = 1024;

/// The members of a request, where it has any.
class Request {
 public:
  explicit Request(const std::string& json) {
    if (!json.empty()) {
      parsed_ = parser_.parse(json).get(root_) == simdjson::SUCCESS;
    }
  }
  std::uint64_t number(std::string_view pointer) const {
    std::uint64_t value = 0;
    return parsed_ && root_.at_pointer(pointer).get(value) == simdjson::SUCCESS ? value : 0;
  }
  std::string text(std::string_view pointer) const {
    std::string_view value;
    return parsed_ && root_.at_pointer(pointer).get(value) == simdjson::SUCCESS ? std::string(value)
                                                                                : std::string();
  }
  std::vector<std::string> texts(std::string_view pointer) const {
    std::vector<std::string> values;
    dom::array array;
    if (parsed_ && root_.at_pointer(pointer).get(array) == simdjson::SUCCESS) {
      for (const auto value : array) {
        values.emplace_back(std::string_view(value));
      }
    }
    return values;
  }

 private:
  dom::parser parser_;
  dom::element root_;
  bool parsed_ = false;
};

Received json_reply(std::string json) { return {{}, {}, {}, std::move(json)}; }

Received status_reply(const char* status, const char* text) {
  return {{}, {}, {{"Status", status}, {"Description", text}}, {}};
}

Received error_reply(int code, int err_code, const char* description) {
  return json_reply(fmt::format(R"({{"error":{{"code":{},"err_code":{},"description":"{}"}}}})",
                                code, err_code, description));
}

Received message_reply(const Stream& stream, const Stored& message) {
  auto headers = message.headers;
  headers.push_back({"Nats-Stream", stream.name});
  headers.push_back({"Nats-Subject", message.subject});
  headers.push_back({"Nats-Sequence", std::to_string(message.sequence)});
  headers.push_back({"Nats-Time-Stamp", stamp_of(message.at)});
  return {{}, {}, std::move(headers), message.payload};
}

/// What stands behind the last dot.
std::string last_token(const std::string& subject) {
  return subject.substr(subject.rfind('.') + 1);
}

}  // namespace

std::string stamp_of(Time at) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(at);
  const std::time_t seconds = (epoch + whole).count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     (at - whole).count());
}

Hub::Reply Hub::take_api(const std::string& subject, const std::string& payload,
                         const std::string& reply_to) {
  constexpr std::string_view direct_get = "$JS.API.DIRECT.GET.";
  if (subject == "$JS.API.INFO") {
    return json_reply(R"({"storage":0,"limits":{"max_storage":-1}})");
  }
  if (subject.starts_with(direct_get)) {
    const auto& of = stream(last_token(subject));
    return of.deleted ? status_reply("503", "") : take_direct_get(of, payload, reply_to);
  }
  if (subject.starts_with("$JS.API.CONSUMER.MSG.NEXT.")) {
    take_pull(subject, payload, reply_to);
    return std::nullopt;
  }
  if (subject.starts_with("$JS.API.CONSUMER.")) {
    return take_consumer_request(subject, payload);
  }
  return take_stream_request(subject, payload);
}

Hub::Reply Hub::take_stream_request(const std::string& subject, const std::string& payload) {
  const auto found = streams_.find(last_token(subject));
  if (found == streams_.end()) {
    return error_reply(404, 10059, "stream not found");
  }
  auto& of = found->second;
  if (of.deleted && subject.starts_with("$JS.API.STREAM.CREATE.")) {
    of.begin_anew(std::max<Sequence>(1, Request(payload).number("/first_seq")), machine_.now());
  }
  if (of.deleted) {
    return error_reply(404, 10059, "stream not found");
  }
  const bool tells = subject.starts_with("$JS.API.STREAM.INFO.");
  const bool is_ensured = subject.starts_with("$JS.API.STREAM.CREATE.") ||
                          subject.starts_with("$JS.API.STREAM.UPDATE.");
  if (tells || is_ensured) {
    return json_reply(info_of(of));
  }
  if (subject.starts_with("$JS.API.STREAM.MSG.DELETE.")) {
    const auto sequence = Request(payload).number("/seq");
    if (of.find(sequence) == nullptr) {
      return error_reply(400, 10057, "no message found");
    }
    of.remove(sequence);
    return json_reply(R"({"success":true})");
  }
  if (subject.starts_with("$JS.API.STREAM.PURGE.")) {
    return purge(of, payload);
  }
  return error_reply(400, 10025, "not simulated");
}

/// {"filter","seq","keep"}: up to but not `seq`.
Hub::Reply Hub::purge(Stream& stream, const std::string& payload) {
  if (stream.deny_purge) {
    return error_reply(400, 10110, "stream purge not permitted");
  }
  const Request request(payload);
  const auto filter = request.text("/filter");
  const auto below = request.number("/seq");
  std::vector<Sequence> gone;
  for (const auto& [sequence, message] : stream.messages()) {
    if ((below == 0 || sequence < below) && (filter.empty() || matches(filter, message.subject))) {
      gone.push_back(sequence);
    }
  }
  for (const auto sequence : gone) {
    stream.remove(sequence);
  }
  forget_redeliveries(stream);
  return json_reply(fmt::format(R"({{"success":true,"purged":{}}})", gone.size()));
}

std::string Hub::info_of(const Stream& stream) const {
  const bool empty = stream.messages().empty();
  const auto first_at = empty ? Time(0) : stream.messages().begin()->second.at;
  const auto last_at = empty ? Time(0) : stream.messages().rbegin()->second.at;
  return fmt::format(
      R"({{"config":{{"name":"{}","num_replicas":1}},"created":"{}","ts":"{}",)"
      R"("state":{{"messages":{},"bytes":0,"first_seq":{},"first_ts":"{}","last_seq":{},)"
      R"("last_ts":"{}"}}}})",
      stream.name, stamp_of(stream.created), stamp_of(machine_.now()), stream.messages().size(),
      stream.first(), stamp_of(first_at), stream.last(), stamp_of(last_at));
}

std::string Hub::info_of(const Stream& stream, const Consumer& consumer) const {
  const auto paused = consumer.paused_until
                          ? fmt::format(R"(,"pause_until":"{}")", stamp_of(*consumer.paused_until))
                          : std::string();
  return fmt::format(R"({{"stream_name":"{}","name":"{}","config":{{"ack_wait":{}{}}},)"
                     R"("delivered":{{"consumer_seq":{},"stream_seq":{}}},"num_ack_pending":{},)"
                     R"("num_redelivered":0,"num_waiting":{},"paused":{}}})",
                     stream.name, consumer.name, consumer.ack_wait.count(), paused,
                     consumer.delivered, consumer.next - 1, consumer.pending.size(),
                     consumer.pulls.size(), consumer.paused_until ? "true" : "false");
}

/// $JS.API.CONSUMER.<what>.<stream>.<name>
Hub::Reply Hub::take_consumer_request(const std::string& subject, const std::string& payload) {
  const auto name = last_token(subject);
  const auto before = subject.substr(0, subject.size() - name.size() - 1);
  auto& of = stream(last_token(before));
  auto& consumers = consumers_of(of);
  const Request request(payload);
  if (of.deleted) {
    return error_reply(404, 10059, "stream not found");
  }
  if (before.starts_with("$JS.API.CONSUMER.CREATE.") &&
      !request.text("/config/durable_name").empty()) {
    make_commands_consumer();
    return json_reply(info_of(of, consumers[name]));
  }
  if (before.starts_with("$JS.API.CONSUMER.CREATE.")) {
    auto& made = consumers[name];
    made.name = name;
    made.in_memory = true;
    made.next = std::max<Sequence>(1, request.number("/config/opt_start_seq"));
    return json_reply(info_of(of, made));
  }
  const auto found = consumers.find(name);
  if (found == consumers.end()) {
    return error_reply(404, 10014, "consumer not found");
  }
  if (before.starts_with("$JS.API.CONSUMER.INFO.")) {
    return json_reply(info_of(of, found->second));
  }
  if (before.starts_with("$JS.API.CONSUMER.DELETE.")) {
    consumers.erase(found);
    return json_reply(R"({"success":true})");
  }
  return error_reply(400, 10025, "not simulated");
}

void Hub::take_pull(const std::string& subject, const std::string& payload,
                    const std::string& reply_to) {
  const auto name = last_token(subject);
  auto& of = stream(last_token(subject.substr(0, subject.size() - name.size() - 1)));
  auto& consumers = consumers_of(of);
  const auto found = consumers.find(name);
  if (found == consumers.end()) {
    return announce(reply_to, {{"Status", "503"}}, {});
  }
  const Request request(payload);
  const Time heartbeat(static_cast<Time::rep>(request.number("/idle_heartbeat")));
  found->second.pulls.push_back(
      {.inbox = reply_to,
       .left = request.number("/batch"),
       .expires = machine_.now() + Time(static_cast<Time::rep>(request.number("/expires"))),
       .heartbeat_every = heartbeat,
       .next_heartbeat = machine_.now() + heartbeat});
  pump(of, found->second);
}

Hub::Reply Hub::take_direct_get(const Stream& stream, const std::string& payload,
                                const std::string& reply_to) {
  const Request request(payload);
  if (const auto filters = request.texts("/multi_last"); !filters.empty()) {
    std::map<Sequence, const Stored*> found;
    for (const auto& filter : filters) {
      for (const auto& subject : stream.subjects_of(filter)) {
        const auto* message = stream.last_of(subject);
        found[message->sequence] = message;
      }
    }
    if (found.size() > filters_max) {
      return status_reply("413", "Too Many Results");
    }
    if (found.empty()) {
      return status_reply("404", "Message Not Found");
    }
    for (const auto& [sequence, message] : found) {
      auto one = message_reply(stream, *message);
      announce(reply_to, one.headers, one.payload);
    }
    return status_reply("204", "EOB");
  }
  const auto filter = request.text("/next_by_subj");
  const auto from = request.number("/seq");
  if (const auto batch = request.number("/batch"); batch > 0) {
    std::uint64_t sent = 0;
    for (auto next = from; sent < batch; ++sent) {
      const auto* message = stream.next_of(filter, next);
      if (message == nullptr) {
        break;
      }
      next = message->sequence + 1;
      auto one = message_reply(stream, *message);
      announce(reply_to, one.headers, one.payload);
    }
    return sent == 0 ? status_reply("404", "Message Not Found") : status_reply("204", "EOB");
  }
  const auto last_of = request.text("/last_by_subj");
  const auto* message = !last_of.empty()  ? stream.last_of(last_of)
                        : !filter.empty() ? stream.next_of(filter, from)
                                          : stream.find(from);
  return message == nullptr ? status_reply("404", "Message Not Found")
                            : message_reply(stream, *message);
}

}  // namespace vsim::simulation
