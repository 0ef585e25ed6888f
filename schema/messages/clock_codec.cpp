#include "schema/messages/clock_codec.h"

#include <algorithm>
#include <cmath>

#include "schema/messages/event_head.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"
#include "schema/messages/state_codec.h"

namespace vsim::messages {
namespace {

struct WriteClockData {
  JsonWriter& json;
  const std::optional<Cause>& cause;

  void operator()(const ClockStarted&) const {}
  void operator()(const ClockAdvanced& event) const { json.member("by_ms", event.by.count()); }
  void operator()(const ClockScaled& event) const {
    json.key("scale");
    json.real(event.scale);
  }
  void operator()(const DeadlinesApplied& event) const {
    json.member("through", format_instant(event.through));
    if (event.log_through) {
      json.member("log_through", *event.log_through);
    }
  }
  void operator()(const CommandRejected& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandPurged& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandDeadLettered& event) const { write_no_change(json, event, cause); }
};

struct WriteClockAction {
  JsonWriter& json;

  void operator()(const AdvanceClock& action) const {
    json.key("seconds");
    json.real(static_cast<double>(action.by.count()) / 1000);
  }
  void operator()(const ScaleClock& action) const {
    json.key("scale");
    json.real(action.scale);
  }
};

DeadlinesApplied read_deadlines_applied(const Fields& data) {
  DeadlinesApplied applied{data.instant("through"), std::nullopt};
  if (data.has("log_through")) {
    applied.log_through = data.count("log_through");
  }
  return applied;
}

std::optional<ClockEventData> read_clock_data(std::string_view type, const Fields& fields) {
  if (type == "clock_advanced") {
    return ClockAdvanced{fields.object("data").milliseconds("by_ms")};
  }
  if (type == "clock_scaled") {
    return ClockScaled{fields.object("data").real("scale")};
  }
  if (type == "deadlines_applied") {
    return read_deadlines_applied(fields.object("data"));
  }
  if (const auto outcome = read_no_change(type, fields)) {
    return data_of<ClockEventData>(*outcome);
  }
  return std::nullopt;
}

// The clock before the event, as far as the event tells.
SimClock read_clock_before(const Fields& fields) {
  const auto state = fields.object("state");
  const auto before = fields.object("before");
  SimClock clock;
  clock.time = {.sim = before.instant("at"),
                .stored_at = eventstore::parse_timestamp(before.text("stored_at")),
                .scale = before.real("scale"),
                .seed = state.count("seed")};
  clock.deadlines_applied_through = state.instant("deadlines_applied");
  if (state.has("last_command")) {
    clock.last_command = read_last_command(state.object("last_command"));
  }
  return clock;
}

std::string encode_started(const ClockEvent& event, const ClockStarted& started) {
  JsonWriter json;
  json.begin_object();
  json.member("type", "clock_started");
  json.member("version", event.version);
  json.member("at", format_instant(event.at));
  json.key("state");
  json.begin_object();
  json.key("scale");
  json.real(started.scale);
  json.member("seed", started.seed);
  json.end_object();
  json.end_object();
  return json.take();
}

LoggedEvent read_started(const Fields& fields, eventstore::Timestamp stored_at) {
  const auto state = fields.object("state");
  ClockLogged logged;
  logged.event.version = fields.count("version");
  logged.event.at = fields.instant("at");
  logged.event.data = ClockStarted{state.real("scale"), state.count("seed")};
  logged.state = evolve(SimClock{}, logged.event, stored_at);
  return logged;
}

}  // namespace

std::string encode(const ClockEvent& event, const SimClock& before) {
  if (const auto* started = std::get_if<ClockStarted>(&event.data)) {
    return encode_started(event, *started);
  }
  // Its stamp is the broker's to give, so a change cannot hold the time after it: it holds what
  // that follows from.
  const auto after = evolve(before, event, before.time.stored_at);
  JsonWriter json;
  json.begin_object();
  json.member("type", event_type(event.data));
  write_what_happened<WriteClockData>(json, event);
  json.key("before");
  json.begin_object();
  json.member("at", format_instant(before.time.sim));
  json.member("stored_at", format_stamp(before.time.stored_at));
  json.key("scale");
  json.real(before.time.scale);
  json.end_object();
  json.key("state");
  json.begin_object();
  json.key("scale");
  json.real(after.time.scale);
  json.member("seed", after.time.seed);
  json.member("deadlines_applied", format_instant(after.deadlines_applied_through));
  if (after.last_command) {
    json.key("last_command");
    write_last_command(json, *after.last_command);
  }
  json.end_object();
  json.end_object();
  return json.take();
}

LoggedEvent read_clock_event(const Fields& fields, eventstore::Timestamp stored_at) {
  const auto type = fields.text("type");
  if (type == "clock_started") {
    return read_started(fields, stored_at);
  }
  const auto data = read_clock_data(type, fields);
  if (!data) {
    return UnknownEvent{std::string(type)};
  }
  ClockLogged logged;
  auto& event = logged.event;
  event.version = fields.count("version");
  event.at = fields.instant("at");
  event.origin = read_origin(fields);
  event.data = *data;
  const auto before = read_clock_before(fields);
  const auto& last = before.last_command;
  event.cause = read_cause(fields, last ? std::optional(last->cause) : std::nullopt);
  logged.state = evolve(before, event, stored_at);
  return logged;
}

std::string encode_clock_action(const ClockAction& action) {
  JsonWriter json;
  json.begin_object();
  json.member("type", command_type(action));
  std::visit(WriteClockAction{json}, action);
  json.end_object();
  return json.take();
}

Duration milliseconds_of(double seconds) {
  // What is far out of range stays so, and the rounding stays defined.
  const auto bounded = std::clamp(seconds, -1e12, 1e12);
  return Duration(std::isnan(bounded) ? -1 : std::llround(bounded * 1000));
}

ClockAction read_clock_action(const Fields& fields) {
  const auto type = fields.text("type");
  ClockAction action = AdvanceClock{};
  const char* member = "seconds";
  if (type == "advance") {
    action = AdvanceClock{milliseconds_of(fields.real("seconds"))};
  } else if (type == "scale") {
    member = "scale";
    action = ScaleClock{fields.real("scale")};
  } else {
    fields.complain("type", "of a clock command must be advance or scale");
  }
  // What an older build has accepted is carried out: it knew no least scale.
  const auto* scale = std::get_if<ScaleClock>(&action);
  const bool is_early = scale != nullptr && scale->scale > 0 && scale->scale < time_scale_min;
  const auto why = out_of_range(action);
  if (why && !is_early) {
    fields.complain(member, "is out of range: " + *why);
  }
  return action;
}

}  // namespace vsim::messages
