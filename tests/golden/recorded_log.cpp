#include "tests/golden/recorded_log.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/messages/instant_text.h"
#include "schema/messages/json_writer.h"
#include "tests/golden/golden_file.h"

namespace vsim::golden {
namespace {

namespace dom = simdjson::dom;

const std::string folder = VSIM_SOURCE_DIR "/tests/golden/logs/";
constexpr std::string_view before_payload = ",\"payload\":";

std::string line_of(const eventstore::Message& message) {
  messages::JsonWriter json;
  json.begin_object();
  json.member("sequence", message.sequence);
  json.member("subject", message.subject);
  json.member("stored_at", messages::format_stamp(message.stored_at));
  json.key("headers");
  json.begin_object();
  for (const auto& header : message.headers) {
    json.member(header.name, header.value);
  }
  json.end_object();
  json.key("payload");
  json.raw(message.payload);
  json.end_object();
  return json.take();
}

/// The members before the payload are read as JSON, the payload is what stands between the braces.
std::optional<eventstore::Message> message_of(const std::string& line, dom::parser& parser) {
  const auto end = line.find(before_payload);
  if (end == std::string::npos || line.back() != '}') {
    return std::nullopt;
  }
  eventstore::Message message;
  message.payload = line.substr(end + before_payload.size());
  message.payload.pop_back();
  dom::element root;
  dom::object headers;
  std::string_view subject;
  std::string_view stored_at;
  if (parser.parse(line.substr(0, end) + "}").get(root) != simdjson::SUCCESS ||
      root["sequence"].get(message.sequence) != simdjson::SUCCESS ||
      root["subject"].get(subject) != simdjson::SUCCESS ||
      root["stored_at"].get(stored_at) != simdjson::SUCCESS ||
      root["headers"].get(headers) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  message.subject = subject;
  message.stored_at = eventstore::parse_timestamp(stored_at);
  for (const auto [name, value] : headers) {
    message.headers.push_back({std::string(name), std::string(std::string_view(value))});
  }
  return message;
}

/// What is seen of a log, by name.
class Inventory {
 public:
  void see(const messages::LoggedEvent& logged) { std::visit(*this, logged); }

  void operator()(const messages::ServerLogged& logged) {
    const auto& event = logged.event;
    seen_.insert("server." + std::string(event_type(event.data)));
    with_events_.insert(event.server);
    regions_.insert(event.region);
    if (logged.state.server) {
      lived_.insert({event.server, logged.state.server->blueprint.ip});
    }
    if (const auto* ended = std::get_if<ServerTerminated>(&event.data)) {
      seen_.insert("an end by " + std::string(to_string(ended->reason)));
    }
  }
  void operator()(const messages::PoolLogged& logged) {
    seen_.insert("pool." + std::string(event_type(logged.event.data)));
  }
  void operator()(const messages::RegionLogged& logged) {
    seen_.insert("region." + std::string(event_type(logged.event.data)));
  }
  void operator()(const messages::ClockLogged& logged) {
    seen_.insert("clock." + std::string(event_type(logged.event.data)));
  }
  void operator()(const messages::FaultsLogged& logged) {
    seen_.insert("faults." + std::string(event_type(logged.event.data)));
  }
  void operator()(const messages::WarmPoolLogged& logged) {
    seen_.insert("warm_pool." + std::string(event_type(logged.event.data)));
  }
  void operator()(const AddressClaimed& claim) {
    claims_.push_back({claim.server, claim.ip});
    if (!claimed_.insert({claim.region, claim.ip}).second) {
      seen_.insert("an address that is claimed again");
    }
  }
  void operator()(const BillingWatermark& watermark) { billed_.insert(watermark.region); }
  void operator()(const messages::UnknownEvent& unknown) { seen_.insert(unknown.type); }

  std::vector<std::string> missing() const {
    std::vector<std::string> missing;
    const auto want = [&](const std::string& what, bool there) {
      if (!there) {
        missing.push_back(what);
      }
    };
    want_types<EventData>("server.", want);
    want_types<PoolEventData>("pool.", want);
    want_types<RegionEventData>("region.", want);
    want_types<ClockEventData>("clock.", want);
    want_types<FaultsEventData>("faults.", want);
    want_types<WarmPoolEventData>("warm_pool.", want);
    for (const auto reason : {TerminationReason::user, TerminationReason::idle_timeout,
                              TerminationReason::forced, TerminationReason::lease_expired}) {
      const auto name = "an end by " + std::string(to_string(reason));
      want(name, seen_.contains(name));
    }
    want("an address that is claimed again", seen_.contains("an address that is claimed again"));
    want("servers in two regions", regions_.size() >= 2);
    want("billing watermarks of two regions", billed_.size() >= 2);
    // A server has had an outcome, so the claim is nobody's any more.
    want("a void claim", std::any_of(claims_.begin(), claims_.end(), [&](const auto& claim) {
           return with_events_.contains(claim.first) && !lived_.contains(claim);
         }));
    return missing;
  }

 private:
  template <typename Data, typename Want, std::size_t... I>
  void want_types(const std::string& prefix, const Want& want, std::index_sequence<I...>) const {
    for (const Data& data : {Data(std::variant_alternative_t<I, Data>{})...}) {
      const auto name = prefix + std::string(event_type(data));
      want(name, seen_.contains(name));
    }
  }
  template <typename Data, typename Want>
  void want_types(const std::string& prefix, const Want& want) const {
    want_types<Data>(prefix, want, std::make_index_sequence<std::variant_size_v<Data>>{});
  }

  using Claim = std::pair<ServerId, Ipv4>;
  std::set<std::string> seen_;
  std::set<ServerId> with_events_;
  std::set<Claim> lived_;
  std::vector<Claim> claims_;
  std::set<std::pair<Region, Ipv4>> claimed_;
  std::set<Region> regions_;
  std::set<Region> billed_;
};

/// A clock's event holds the clock before it.
struct Encode {
  const SimClock& clock_before;

  std::string operator()(const messages::ServerLogged& logged) const {
    return messages::encode(logged.event, logged.state);
  }
  std::string operator()(const messages::PoolLogged& logged) const {
    return messages::encode(logged.event, logged.state);
  }
  std::string operator()(const messages::RegionLogged& logged) const {
    return messages::encode(logged.event, logged.state);
  }
  std::string operator()(const messages::ClockLogged& logged) const {
    return messages::encode(logged.event, clock_before);
  }
  std::string operator()(const messages::FaultsLogged& logged) const {
    return messages::encode(logged.event, logged.state);
  }
  std::string operator()(const messages::WarmPoolLogged& logged) const {
    return messages::encode(logged.event, logged.state);
  }
  std::string operator()(const AddressClaimed& claim) const { return messages::encode(claim); }
  std::string operator()(const BillingWatermark& watermark) const {
    return messages::encode(watermark);
  }
  std::string operator()(const messages::UnknownEvent&) const { return {}; }
};

// Whether the names inside are values, or those of a delay of any kind.
bool is_open(std::string_view name) {
  return name == "tags" || name == "delays" || name == "after" || name == "lasting";
}

void add_members(const dom::element& value, const std::string& path, std::set<std::string>& found) {
  dom::object object;
  if (value.get(object) != simdjson::SUCCESS) {
    return;
  }
  for (const auto [name, inner] : object) {
    const auto member = path + "." + std::string(name);
    found.insert(member);
    if (!is_open(name)) {
      add_members(inner, member, found);
    }
  }
}

/// The members of an event's payload: those of its state by what it is of ("server state.name"),
/// the others by its type too ("server.server_stopped actor"). What tags and delays (also those
/// of hazards) hold is left out: there names are values.
std::set<std::string> members_of(const eventstore::Message& event) {
  constexpr std::string_view prefix = "vsim.evt.";
  const auto whose = event.subject.substr(prefix.size());
  const auto kind = whose.substr(0, whose.find('.'));
  dom::parser parser;
  const dom::element root = parser.parse(event.payload);
  std::set<std::string> all;
  add_members(root, "", all);
  std::set<std::string> named;
  for (const auto& path : all) {
    const bool of_state = path.starts_with(".state");
    named.insert(kind + (of_state ? "" : "." + std::string(std::string_view(root["type"]))) + " " +
                 path.substr(1));
  }
  return named;
}

}  // namespace

std::vector<std::string> recorded_logs() {
  std::vector<std::string> logs;
  for (int number = 1; std::filesystem::exists(folder + std::to_string(number) + ".jsonl");
       ++number) {
    logs.push_back(folder + std::to_string(number));
  }
  return logs;
}

std::string next_recorded_log() { return folder + std::to_string(recorded_logs().size() + 1); }

tl::expected<RecordedLog, std::string> read_recorded_log(const std::string& path) {
  std::ifstream in(path + ".jsonl");
  RecordedLog log;
  dom::parser parser;
  for (std::string line; std::getline(in, line);) {
    auto message = message_of(line, parser);
    if (!message || message->sequence != log.size() + 1) {
      return tl::unexpected(
          fmt::format("{}.jsonl:{}: not the next message of a recorded log", path, log.size() + 1));
    }
    log.push_back(std::move(*message));
  }
  return log;
}

tl::expected<void, std::string> write_recorded_log(const std::string& path,
                                                   const RecordedLog& log) {
  const auto file = path + ".jsonl";
  if (std::filesystem::exists(file)) {
    return tl::unexpected(file + " is there already, and is never written over");
  }
  std::ofstream out(file);
  for (const auto& message : log) {
    out << line_of(message) << "\n";
  }
  out.close();
  return out ? tl::expected<void, std::string>() : tl::unexpected(file + " cannot be written");
}

std::vector<RecordedLog> logs_as_of_today() {
  std::vector<RecordedLog> logs;
  for (const auto& path : recorded_logs()) {
    auto log = read_recorded_log(path);
    if (log && written_otherwise(*log).empty()) {
      logs.push_back(std::move(*log));
    }
  }
  return logs;
}

std::vector<std::string> missing_in(std::span<const RecordedLog> logs) {
  std::optional<std::vector<std::string>> missing;
  for (const auto& log : logs) {
    Inventory inventory;
    for (const auto& message : log) {
      if (const auto logged = messages::decode_event(message)) {
        inventory.see(*logged);
      }
    }
    auto lacks = inventory.missing();
    if (missing) {
      std::erase_if(*missing, [&](const auto& what) {
        return std::find(lacks.begin(), lacks.end(), what) == lacks.end();
      });
    } else {
      missing = std::move(lacks);
    }
  }
  return missing.value_or(Inventory{}.missing());
}

std::vector<std::string> members_missing_in(std::span<const RecordedLog> logs) {
  std::set<std::string> there;
  for (const auto& log : logs) {
    for (const auto& message : log) {
      there.merge(members_of(message));
    }
  }
  std::vector<std::string> missing;
  for (const auto& type : types_on_disk()) {
    if (type.starts_with("command.")) {
      continue;
    }
    for (const auto& entry : read_file(files_of(type).back())) {
      for (const auto& member : members_of(entry.message)) {
        if (there.insert(member).second) {
          missing.push_back(member);
        }
      }
    }
  }
  return missing;
}

std::vector<std::string> written_otherwise(const RecordedLog& log) {
  std::vector<std::string> complaints;
  SimClock clock;
  for (const auto& message : log) {
    const auto logged = messages::decode_event(message);
    if (!logged) {
      complaints.push_back(fmt::format("message {}: {}", message.sequence, logged.error()));
      continue;
    }
    if (const auto written = std::visit(Encode{clock}, *logged); written != message.payload) {
      complaints.push_back(
          fmt::format("message {}: today's writer gives\n  {}", message.sequence, written));
    }
    if (const auto* moved = std::get_if<messages::ClockLogged>(&*logged)) {
      clock = moved->state;
    }
  }
  return complaints;
}

}  // namespace vsim::golden
