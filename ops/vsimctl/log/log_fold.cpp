#include "ops/vsimctl/log/log_fold.h"

#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"

namespace vsim::vsimctl {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

std::string text_of(const simdjson::simdjson_result<element>& value) {
  return value.error() == simdjson::SUCCESS ? simdjson::minify(value.value_unsafe()) : "nothing";
}

std::string compare(const object& expected, const object& found, const std::string& path) {
  const auto differ = [&](std::string_view key) -> std::string {
    const auto a = expected[key];
    const auto b = found[key];
    if (text_of(a) == text_of(b)) {
      return {};
    }
    const std::string name = path.empty() ? std::string(key) : path + "." + std::string(key);
    object inner_a;
    object inner_b;
    if (a.get(inner_a) == simdjson::SUCCESS && b.get(inner_b) == simdjson::SUCCESS) {
      return compare(inner_a, inner_b, name);
    }
    return fmt::format("{}: expected {}, found {}", name, text_of(a), text_of(b));
  };
  for (const object& one : {expected, found}) {
    for (const auto field : one) {
      if (auto difference = differ(field.key); !difference.empty()) {
        return difference;
      }
    }
  }
  return {};
}

tl::unexpected<std::string> difference_at(eventstore::Sequence sequence, const std::string& whose,
                                          const std::string& what) {
  return failed(fmt::format("message {} of EVENTS, {}: {}", sequence, whose, what));
}

}  // namespace

std::string first_difference(const std::string& expected, const std::string& found) {
  simdjson::dom::parser first;
  simdjson::dom::parser second;
  return compare(first.parse(expected), second.parse(found), "");
}

/// One event of each kind.
struct LogFold::Add {
  LogFold& fold;
  const LogChunk::Entry& entry;

  tl::expected<void, std::string> operator()(const messages::ServerLogged& logged) const {
    return fold.add_server(logged, entry.sequence);
  }
  tl::expected<void, std::string> operator()(const AddressClaimed& claim) const {
    fold.addresses_.claimed(claim, fold.has_events(claim.server), entry.sequence);
    return {};
  }
  tl::expected<void, std::string> operator()(const messages::PoolLogged& logged) const {
    const Region& region = logged.event.region;
    return fold.add_single(fold.pools_[region], logged, "pool of " + region.name, entry.sequence);
  }
  tl::expected<void, std::string> operator()(const messages::FaultsLogged& logged) const {
    return fold.add_single(fold.faults_, logged, "faults", entry.sequence);
  }
  tl::expected<void, std::string> operator()(const messages::RegionLogged& logged) const {
    const Region& region = logged.event.region;
    return fold.add_single(fold.regions_[region], logged, "region " + region.name, entry.sequence);
  }
  tl::expected<void, std::string> operator()(const messages::WarmPoolLogged& logged) const {
    const auto& pool = logged.event.pool;
    return fold.add_single(fold.warm_pools_[pool], logged,
                           "warm pool " + pool.name + " of account " + pool.account,
                           entry.sequence);
  }
  tl::expected<void, std::string> operator()(const messages::ClockLogged& logged) const {
    return fold.add_clock(logged, entry);
  }
  tl::expected<void, std::string> operator()(const BillingWatermark& watermark) const {
    BillingWatermark& last = fold.watermarks_[watermark.region];
    const std::string whose = "billing of " + watermark.region.name;
    auto counted = fold.count(last.version, watermark.version, whose, entry.sequence);
    if (counted && watermark.through < last.through) {
      return difference_at(entry.sequence, whose,
                           fmt::format("\"through\": expected {} or later, found {}",
                                       messages::format_instant(last.through),
                                       messages::format_instant(watermark.through)));
    }
    last = watermark;
    return counted;
  }
  tl::expected<void, std::string> operator()(const messages::UnknownEvent& unknown) const {
    return difference_at(entry.sequence, unknown.type, "this build does not know such events");
  }
};

tl::expected<void, std::string> LogFold::add(const LogChunk::Entry& entry) {
  const auto* claim = std::get_if<AddressClaimed>(&entry.logged);
  if (auto ok = addresses_.begin(entry.sequence, claim); !ok) {
    return difference_at(entry.sequence, "addresses", ok.error());
  }
  return std::visit(Add{*this, entry}, entry.logged);
}

tl::expected<void, std::string> LogFold::count(Version& last, Version version,
                                               const std::string& whose,
                                               eventstore::Sequence sequence) const {
  if (version != last + 1) {
    return difference_at(sequence, whose,
                         fmt::format("version: expected {}, found {}", last + 1, version));
  }
  last = version;
  return {};
}

/// An event of what has one subject, and the state after it in its event.
template <typename Logged, typename State>
tl::expected<void, std::string> LogFold::add_single(State& state, const Logged& logged,
                                                    const std::string& whose,
                                                    eventstore::Sequence sequence) const {
  Version version = state.version;
  auto counted = count(version, logged.event.version, whose, sequence);
  const State expected = evolve(state, logged.event);
  if (counted && expected != logged.state) {
    return difference_at(sequence, whose,
                         first_difference(messages::encode(logged.event, expected),
                                          messages::encode(logged.event, logged.state)));
  }
  state = logged.state;
  return counted;
}

tl::expected<State, std::string> LogFold::state_before(const ServerId& server) {
  if (auto live = live_.extract(server)) {
    return std::move(live.mapped());
  }
  const auto ended = terminated_.extract(server);
  if (!ended) {
    return State{};
  }
  for (auto* kept : {&newly_ended_, &ended_before_}) {
    if (auto state = kept->extract(server)) {
      return std::move(state.mapped());
    }
  }
  const auto message = events_.load(ended.mapped());
  if (!message || !*message) {
    return failed("an event could not be read again; try again");
  }
  auto logged = messages::decode_event(**message);
  if (!logged) {
    return failed(logged.error());
  }
  return std::move(std::get<messages::ServerLogged>(*logged).state);
}

void LogFold::keep_ended(const ServerId& server, const State& state) {
  if (newly_ended_.size() >= ended_states_max_ / 2) {
    ended_before_ = std::exchange(newly_ended_, {});
  }
  newly_ended_.insert_or_assign(server, state);
}

tl::expected<void, std::string> LogFold::add_server(const messages::ServerLogged& logged,
                                                    eventstore::Sequence sequence) {
  const Event& event = logged.event;
  const std::string whose =
      fmt::format("server {} version {}", event.server.to_string(), event.version);
  auto before = state_before(event.server);
  if (!before) {
    return difference_at(sequence, whose, before.error());
  }
  Version version = before->version;
  if (auto counted = count(version, event.version, whose, sequence); !counted) {
    return counted;
  }
  auto placed = addresses_.changed(event.server, *before, logged.state, sequence);
  deadlines_.changed(event.server, *before, logged.state, sequence);
  State expected = evolve(std::move(*before), event);
  // Builds that did not tell changes from outcomes yet took every event for a change.
  const Change taken_for_one{event.version, event.at};
  if (logged.state.last_change == taken_for_one) {
    expected.last_change = taken_for_one;
  }
  if (expected != logged.state) {
    return difference_at(
        sequence, whose,
        first_difference(messages::encode(event, expected), messages::encode(event, logged.state)));
  }
  if (!placed) {
    return difference_at(sequence, whose, placed.error());
  }
  const bool ended = expected.server && expected.server->status == Status::terminated;
  if (ended) {
    terminated_[event.server] = sequence;
    keep_ended(event.server, logged.state);
  } else {
    live_[event.server] = logged.state;
  }
  return {};
}

tl::expected<void, std::string> LogFold::add_clock(const messages::ClockLogged& logged,
                                                   const LogChunk::Entry& entry) {
  const std::string whose = fmt::format("clock version {}", logged.event.version);
  Version version = clock_.version;
  if (auto counted = count(version, logged.event.version, "clock", entry.sequence); !counted) {
    return counted;
  }
  const SimClock expected = evolve(clock_, logged.event, entry.stored_at);
  if (expected != logged.state) {
    return difference_at(
        entry.sequence, whose,
        fmt::format("its state is not what the events before make of it: expected {} at scale {}, "
                    "found {} at scale {}",
                    messages::format_instant(simulated_at(expected, entry.stored_at)),
                    expected.time.scale,
                    messages::format_instant(simulated_at(logged.state, entry.stored_at)),
                    logged.state.time.scale));
  }
  clock_ = logged.state;
  if (const auto* applied = std::get_if<DeadlinesApplied>(&logged.event.data)) {
    if (auto true_of_log = deadlines_.applied(*applied); !true_of_log) {
      return difference_at(entry.sequence, whose, true_of_log.error());
    }
  }
  return {};
}

}  // namespace vsim::vsimctl
