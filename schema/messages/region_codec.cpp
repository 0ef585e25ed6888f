#include "schema/messages/region_codec.h"

#include <array>

#include "schema/messages/clock_codec.h"
#include "schema/messages/event_head.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"
#include "schema/messages/printable_text.h"
#include "schema/messages/state_codec.h"

namespace vsim::messages {
namespace {

constexpr std::array<std::string_view, 8> set_incident_members{
    "type", "outage", "capacity", "delay_factor", "failure_rate", "until", "for_seconds", "reason"};
constexpr std::array<std::string_view, 1> outage_members{"running"};
constexpr std::array<std::string_view, 1> capacity_members{"types"};

struct WriteRegionData {
  JsonWriter& json;
  const std::optional<Cause>& cause;

  void operator()(const IncidentSet& event) const { write_incident(json, event.incident); }
  void operator()(const IncidentLifted&) const {}
  void operator()(const IncidentEnded&) const {}
  void operator()(const CommandRejected& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandPurged& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandDeadLettered& event) const { write_no_change(json, event, cause); }
};

struct WriteRegionAction {
  JsonWriter& json;

  void operator()(const SetIncident& set) const {
    write_incident(json, set.incident);
    if (set.lasting) {
      json.key("for_seconds");
      json.real(static_cast<double>(set.lasting->count()) / 1000);
    }
  }
  void operator()(const LiftIncident&) const {}
};

OutageEffect read_effect(const Fields& outage) {
  const auto effect = outage_effect_from(outage.text("running"));
  if (!effect) {
    outage.complain("running",
                    "must be untouched, impaired or stopped: what becomes of the "
                    "servers that run");
  }
  return effect.value_or(OutageEffect::untouched);
}

std::vector<std::string> read_types(const Fields& capacity) {
  std::vector<std::string> types;
  for (const auto element : capacity.array("types")) {
    std::string_view type;
    if (element.get(type) != simdjson::SUCCESS || type.empty()) {
      capacity.complain("types", "must hold names of instance types only");
      break;
    }
    types.emplace_back(type);
  }
  if (types.empty()) {
    capacity.complain("types", "must name an instance type at least");
  }
  return types;
}

// As an event has it too: whether it is in range is not asked here.
Incident read_content(const Fields& fields) {
  Incident incident;
  if (fields.has("outage")) {
    incident.outage = read_effect(fields.object("outage"));
  }
  if (fields.has("capacity")) {
    incident.types_out = read_types(fields.object("capacity"));
  }
  if (fields.has("delay_factor")) {
    incident.delay_factor = fields.real("delay_factor");
  }
  if (fields.has("failure_rate")) {
    incident.failure_rate = fields.real("failure_rate");
  }
  if (fields.has("until")) {
    incident.until = fields.instant("until");
  }
  if (fields.has("reason")) {
    incident.reason = fields.text("reason");
  }
  return incident;
}

tl::expected<SetIncident, std::string> read_set_incident(const Fields& fields) {
  SetIncident set{.incident = read_content(fields)};
  if (fields.has("for_seconds")) {
    set.lasting = milliseconds_of(fields.real("for_seconds"));
  }
  if (const auto why =
          complaint_about_text(set.incident.reason, 0, incident_reason_characters_max)) {
    fields.complain("reason", *why);
  }
  if (!fields.ok()) {
    return tl::unexpected(fields.error());
  }
  if (auto why = out_of_range(set)) {
    return tl::unexpected(std::move(*why));
  }
  return set;
}

void write_outages(JsonWriter& json, const std::vector<Outage>& outages) {
  json.begin_array();
  for (const auto& outage : outages) {
    json.begin_object();
    json.member("incident", outage.incident);
    json.member("from", format_instant(outage.from));
    if (outage.to) {
      json.member("to", format_instant(*outage.to));
    }
    json.member("running", to_string(outage.effect));
    json.end_object();
  }
  json.end_array();
}

void write_region_state(JsonWriter& json, const RegionState& state) {
  json.begin_object();
  if (state.incident) {
    json.key("incident");
    json.begin_object();
    json.member("number", state.incident->number);
    json.member("began", format_instant(state.incident->began));
    write_incident(json, state.incident->incident);
    json.end_object();
  }
  if (!state.outages.empty()) {
    json.key("outages");
    write_outages(json, state.outages);
  }
  if (state.last_command) {
    json.key("last_command");
    write_last_command(json, *state.last_command);
  }
  json.end_object();
}

RegionState read_region_state(const Fields& fields) {
  RegionState state;
  if (fields.has("incident")) {
    const auto incident = fields.object("incident");
    state.incident =
        KnownIncident{incident.count("number"), incident.instant("began"), read_content(incident)};
  }
  if (fields.has("outages")) {
    fields.each_object("outages", [&](const Fields& outage) {
      state.outages.push_back(
          {.incident = outage.count("incident"),
           .from = outage.instant("from"),
           .to = outage.has("to") ? std::optional(outage.instant("to")) : std::nullopt,
           .effect = read_effect(outage)});
    });
  }
  if (fields.has("last_command")) {
    state.last_command = read_last_command(fields.object("last_command"));
  }
  return state;
}

std::optional<RegionEventData> read_region_data(std::string_view type, const Fields& fields) {
  if (type == "incident_set") {
    return IncidentSet{read_content(fields.object("data"))};
  }
  if (type == "incident_lifted") {
    return IncidentLifted{};
  }
  if (type == "incident_ended") {
    return IncidentEnded{};
  }
  if (const auto outcome = read_no_change(type, fields)) {
    return data_of<RegionEventData>(*outcome);
  }
  return std::nullopt;
}

std::optional<std::string> find_unknown_in(const simdjson::dom::object& object,
                                           std::string_view name, Names known) {
  simdjson::dom::object inner;
  if (object[name].get(inner) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return find_unknown_member(inner, known);
}

}  // namespace

void write_incident(JsonWriter& json, const Incident& incident) {
  if (incident.outage) {
    json.key("outage");
    json.begin_object();
    json.member("running", to_string(*incident.outage));
    json.end_object();
  }
  if (!incident.types_out.empty()) {
    json.key("capacity");
    json.begin_object();
    json.key("types");
    json.begin_array();
    for (const auto& type : incident.types_out) {
      json.string(type);
    }
    json.end_array();
    json.end_object();
  }
  if (incident.delay_factor != 1) {
    json.key("delay_factor");
    json.real(incident.delay_factor);
  }
  if (incident.failure_rate != 0) {
    json.key("failure_rate");
    json.real(incident.failure_rate);
  }
  if (incident.until) {
    json.member("until", format_instant(*incident.until));
  }
  if (!incident.reason.empty()) {
    json.member("reason", incident.reason);
  }
}

std::string incident_json(const Incident& incident) {
  JsonWriter json;
  json.begin_object();
  write_incident(json, incident);
  json.end_object();
  return json.take();
}

Names members_of_set_incident() { return set_incident_members; }

std::optional<std::string> find_unknown_inside(const simdjson::dom::object& set_incident) {
  auto unknown = find_unknown_in(set_incident, "outage", outage_members);
  return unknown ? unknown : find_unknown_in(set_incident, "capacity", capacity_members);
}

tl::expected<RegionAction, std::string> read_region_action(const Fields& fields) {
  const auto type = fields.text("type");
  if (type == "lift_incident") {
    return LiftIncident{};
  }
  if (type != "set_incident") {
    return tl::unexpected<std::string>(
        "\"type\" of a region's command must be set_incident or lift_incident");
  }
  return read_set_incident(fields).map(
      [](SetIncident set) { return RegionAction(std::move(set)); });
}

tl::expected<SetIncident, std::string> read_incident(std::string_view json) {
  std::string error;
  const auto object = parse_object(json, error);
  if (!object) {
    return tl::unexpected(error);
  }
  auto complaint = find_double(*object);
  if (!complaint) {
    complaint = find_unknown_member(*object, Names(set_incident_members).subspan(1));
  }
  if (!complaint) {
    complaint = find_unknown_inside(*object);
  }
  if (complaint) {
    return tl::unexpected(std::move(*complaint));
  }
  return read_set_incident(Fields(*object, error));
}

std::string encode_region_action(const RegionAction& action) {
  JsonWriter json;
  json.begin_object();
  json.member("type", command_type(action));
  std::visit(WriteRegionAction{json}, action);
  json.end_object();
  return json.take();
}

std::string encode(const RegionEvent& event, const RegionState& after) {
  JsonWriter json;
  json.begin_object();
  json.member("type", event_type(event.data));
  json.member("region", event.region.name);
  write_what_happened<WriteRegionData>(json, event);
  json.key("state");
  write_region_state(json, after);
  json.end_object();
  return json.take();
}

LoggedEvent read_region_event(const Fields& fields) {
  const auto type = fields.text("type");
  auto data = read_region_data(type, fields);
  if (!data) {
    return UnknownEvent{std::string(type)};
  }
  RegionLogged logged;
  auto& [event, state] = logged;
  event.region = Region{std::string(fields.text("region"))};
  event.version = fields.count("version");
  event.at = fields.instant("at");
  event.origin = read_origin(fields);
  event.data = std::move(*data);
  state = read_region_state(fields.object("state"));
  state.version = event.version;
  state.at = event.at;
  const auto& last = state.last_command;
  event.cause = read_cause(fields, last ? std::optional(last->cause) : std::nullopt);
  return logged;
}

}  // namespace vsim::messages
