#include "schema/messages/event_codec.h"

#include <array>

#include "schema/messages/event_head.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"
#include "schema/messages/state_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::messages {
namespace {

struct WriteServerData {
  JsonWriter& json;
  const std::optional<Cause>& cause;

  void from(Status status) const { json.member("from", to_string(status)); }
  void time(std::string_view name, Instant at) const { json.member(name, format_instant(at)); }
  void end(const End& end) const {
    if (end.due) {
      time("due", *end.due);
    } else {
      json.key("stuck");
      json.boolean(true);
    }
    failure(end.failure);
    if (end.failure) {
      json.member("failed_becomes", to_string(end.failed_becomes));
    }
  }
  void failure(const std::optional<Failure>& failure) const {
    if (failure) {
      json.key("failure");
      write_failure(json, *failure);
    }
  }
  void incident(const std::optional<Version>& number) const {
    if (number) {
      json.member("incident", *number);
    }
  }
  void hazards(const std::vector<Deadline>& hazards) const {
    if (!hazards.empty()) {
      json.key("hazards");
      write_deadlines(json, hazards);
    }
  }

  void lease(const std::optional<Instant>& expires_at) const {
    if (expires_at) {
      time("expires_at", *expires_at);
    }
  }

  void operator()(const ServerProvisioning& event) const {
    write_blueprint(json, event.blueprint);
    end(event.end), hazards(event.hazards), lease(event.expires_at);
  }
  void operator()(const ServerProvisioned& event) const {
    write_blueprint(json, event.blueprint);
    hazards(event.hazards), lease(event.expires_at);
  }
  void operator()(const ServerStarting& event) const {
    from(event.from), end(event.end), hazards(event.hazards);
  }
  void operator()(const ServerStarted& event) const { from(event.from), hazards(event.hazards); }
  void operator()(const ServerStopping& event) const { from(event.from), end(event.end); }
  void operator()(const ServerStopped& event) const { from(event.from), failure(event.failure); }
  void operator()(const ServerRebooting& event) const { from(event.from), end(event.end); }
  void operator()(const ServerRebooted& event) const { from(event.from); }
  void operator()(const ServerTerminating& event) const { from(event.from), end(event.end); }
  void operator()(const ServerTerminated& event) const {
    from(event.from);
    json.member("reason", to_string(event.reason));
    if (!event.note.empty()) {
      json.member("note", event.note);
    }
    failure(event.failure);
  }
  void operator()(const ServerFailed& event) const { from(event.from), failure(event.failure); }
  void operator()(const ServerImpaired& event) const {
    if (event.until) {
      time("until", *event.until);
    }
    incident(event.incident);
  }
  void operator()(const ServerRecovered& event) const { incident(event.incident); }
  void operator()(const ServerInterruptionNoticed& event) const {
    time("interruption_at", event.interruption_at);
  }
  void operator()(const LeaseExtended& event) const { time("expires_at", event.expires_at); }
  void operator()(const ServerAssigned& event) const {
    write_new_names(json, event.name, event.tags);
    lease(event.expires_at);
  }
  void operator()(const ServerReleased& event) const {
    from(event.from);
    if (event.end) {
      end(*event.end);
    }
  }
  void operator()(const CommandRejected& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandPurged& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandDeadLettered& event) const { write_no_change(json, event, cause); }
};

std::optional<Failure> optional_failure(const Fields& data) {
  return data.has("failure") ? std::optional(read_failure(data.object("failure"))) : std::nullopt;
}

std::optional<Version> optional_incident(const Fields& data) {
  return data.has("incident") ? std::optional(data.count("incident")) : std::nullopt;
}

End read_end(const Fields& data) {
  const bool stuck = data.has("stuck") && data.boolean("stuck");
  End end{.due = stuck ? std::nullopt : std::optional(data.instant("due")),
          .failure = optional_failure(data)};
  if (end.failure) {
    end.failed_becomes = data.named("failed_becomes", status_from);
  }
  return end;
}

std::vector<Deadline> optional_hazards(const Fields& data) {
  return data.has("hazards") ? read_deadlines(data, "hazards") : std::vector<Deadline>{};
}

std::optional<Instant> optional_expiry(const Fields& data) {
  return data.has("expires_at") ? std::optional(data.instant("expires_at")) : std::nullopt;
}

Status read_from(const Fields& data) { return data.named("from", status_from); }

// Of the transitions that bring no hazards.
template <typename Begun>
EventData read_begun(const Fields& data) {
  return Begun{read_from(data), read_end(data)};
}

EventData read_provisioning(const Fields& data) {
  return ServerProvisioning{read_blueprint(data), read_end(data), optional_hazards(data),
                            optional_expiry(data)};
}
EventData read_provisioned(const Fields& data) {
  return ServerProvisioned{read_blueprint(data), optional_hazards(data), optional_expiry(data)};
}
EventData read_starting(const Fields& data) {
  return ServerStarting{read_from(data), read_end(data), optional_hazards(data)};
}
EventData read_started(const Fields& data) {
  return ServerStarted{read_from(data), optional_hazards(data)};
}
EventData read_stopped(const Fields& data) {
  return ServerStopped{read_from(data), optional_failure(data)};
}
EventData read_rebooted(const Fields& data) { return ServerRebooted{read_from(data)}; }
EventData read_terminated(const Fields& data) {
  return ServerTerminated{read_from(data), data.named("reason", termination_reason_from),
                          std::string(data.has("note") ? data.text("note") : ""),
                          optional_failure(data)};
}
EventData read_failed(const Fields& data) {
  return ServerFailed{read_from(data), read_failure(data.object("failure"))};
}
// An incident may have no known end; a hazard of a server's own has.
EventData read_impaired(const Fields& data) {
  const auto incident = optional_incident(data);
  const bool is_open = incident && !data.has("until");
  return ServerImpaired{is_open ? std::nullopt : std::optional(data.instant("until")), incident};
}
EventData read_recovered(const Fields& data) { return ServerRecovered{optional_incident(data)}; }
EventData read_interruption_noticed(const Fields& data) {
  return ServerInterruptionNoticed{data.instant("interruption_at")};
}
EventData read_lease_extended(const Fields& data) {
  return LeaseExtended{data.instant("expires_at")};
}
EventData read_assigned(const Fields& data) {
  ServerAssigned assigned{};
  read_new_names(data, assigned.name, assigned.tags);
  assigned.expires_at = optional_expiry(data);
  return assigned;
}
EventData read_released(const Fields& data) {
  ServerReleased released{.from = read_from(data), .end = {}};
  if (data.has("due") || data.has("stuck")) {
    released.end = read_end(data);
  }
  return released;
}
struct Reader {
  std::string_view type;
  EventData (*read)(const Fields& data);
};
constexpr std::array<Reader, std::variant_size_v<EventData> - std::variant_size_v<NoChange>>
    readers = {{
        {"server_provisioning", read_provisioning},
        {"server_provisioned", read_provisioned},
        {"server_starting", read_starting},
        {"server_started", read_started},
        {"server_stopping", read_begun<ServerStopping>},
        {"server_stopped", read_stopped},
        {"server_rebooting", read_begun<ServerRebooting>},
        {"server_rebooted", read_rebooted},
        {"server_terminating", read_begun<ServerTerminating>},
        {"server_terminated", read_terminated},
        {"server_failed", read_failed},
        {"server_impaired", read_impaired},
        {"server_recovered", read_recovered},
        {"server_interruption_noticed", read_interruption_noticed},
        {"lease_extended", read_lease_extended},
        {"server_assigned", read_assigned},
        {"server_released", read_released},
    }};

std::optional<EventData> read_server_data(std::string_view type, const Fields& fields) {
  if (const auto outcome = read_no_change(type, fields)) {
    return data_of<EventData>(*outcome);
  }
  for (const auto& reader : readers) {
    if (reader.type == type) {
      return reader.read(fields.object("data"));
    }
  }
  return std::nullopt;
}

LoggedEvent read_server_event(const Fields& fields, const ServerTarget& target) {
  ServerLogged logged;
  logged.state = read_state(fields.object("state"), target.region);
  const auto type = fields.text("type");
  auto data = read_server_data(type, fields);
  if (!data) {
    return UnknownEvent{std::string(type)};
  }
  auto& event = logged.event;
  event.server = {fields.uuid("server_id")};
  event.region = target.region;
  event.version = fields.count("version");
  event.at = fields.instant("at");
  event.origin = read_origin(fields);
  event.data = std::move(*data);
  const auto& last = logged.state.last_command;
  event.cause = read_cause(fields, last ? std::optional(last->cause) : std::nullopt);
  if (event.server != target.server) {
    fields.complain("server_id", "must be the subject's");
  }
  return logged;
}

LoggedEvent read_claim(const Fields& fields) {
  const auto type = fields.text("type");
  if (type != "address_claimed") {
    return UnknownEvent{std::string(type)};
  }
  AddressClaimed claim{.region = Region{std::string(fields.text("region"))},
                       .ip = fields.ip("ip"),
                       .server = ServerId{fields.uuid("server_id")},
                       .at = fields.instant("at")};
  if (fields.has("command_id")) {  // older builds lack it
    claim.cause = Cause{.command = {fields.uuid("command_id")},
                        .sequence = fields.count("command_sequence"),
                        .request_hash = std::string(fields.text("request_hash")),
                        .type = std::string(command_type(Action(Create{})))};
    claim.origin = read_origin(fields);
  }
  return claim;
}

LoggedEvent read_watermark(const Fields& fields) {
  const auto type = fields.text("type");
  if (type != "billing_watermark") {
    return UnknownEvent{std::string(type)};
  }
  return BillingWatermark{Region{std::string(fields.text("region"))}, fields.count("version"),
                          fields.instant("through")};
}

LoggedEvent read_by_subject(const Fields& fields, const eventstore::Message& message) {
  const std::string_view subject = message.subject;
  if (const auto target = parse_server_events_subject(subject)) {
    return read_server_event(fields, *target);
  }
  if (subject.starts_with(address_prefix)) {
    return read_claim(fields);
  }
  if (subject.starts_with(pool_prefix)) {
    return read_pool_event(fields);
  }
  if (subject.starts_with(region_prefix)) {
    return read_region_event(fields);
  }
  if (subject.starts_with(billing_prefix)) {
    return read_watermark(fields);
  }
  if (const auto pool = parse_warm_pool_events_subject(subject)) {
    return read_warm_pool_event(fields, *pool);
  }
  if (subject == clock_subject) {
    return read_clock_event(fields, message.stored_at);
  }
  if (subject == faults_subject) {
    return read_faults_event(fields);
  }
  return UnknownEvent{std::string(fields.text("type"))};
}

}  // namespace

std::string encode(const Event& event, const State& after) {
  JsonWriter json;
  json.reserve(2048);
  json.begin_object();
  json.member("type", event_type(event.data));
  json.member("server_id", event.server.to_string());
  json.member("region", event.region.name);
  write_what_happened<WriteServerData>(json, event);
  json.key("state");
  write_state(json, after);
  json.end_object();
  return json.take();
}

std::string encode(const AddressClaimed& claim) {
  JsonWriter json;
  json.begin_object();
  json.member("type", "address_claimed");
  json.member("region", claim.region.name);
  json.member("ip", claim.ip.to_string());
  json.member("server_id", claim.server.to_string());
  json.member("at", format_instant(claim.at));
  if (claim.cause) {
    write_origin(json, claim.cause, claim.origin);
    json.member("command_sequence", claim.cause->sequence);
    json.member("request_hash", claim.cause->request_hash);
  }
  json.end_object();
  return json.take();
}

std::string encode(const BillingWatermark& watermark) {
  JsonWriter json;
  json.begin_object();
  json.member("type", "billing_watermark");
  json.member("region", watermark.region.name);
  json.member("version", watermark.version);
  json.member("through", format_instant(watermark.through));
  json.end_object();
  return json.take();
}

tl::expected<LoggedEvent, std::string> decode_event(const eventstore::Message& message) {
  std::string error;
  const auto object = parse_object(message.payload, error);
  if (!object) {
    return tl::unexpected(error);
  }
  auto logged = read_by_subject(Fields(*object, error), message);
  // An unknown type is reported as such, whatever else it lacks.
  if (std::holds_alternative<UnknownEvent>(logged) && !message.payload.empty()) {
    return logged;
  }
  if (!error.empty()) {
    return tl::unexpected(error);
  }
  return logged;
}

tl::expected<SimClock, std::string> read_clock(const eventstore::Message& last) {
  auto logged = decode_event(last);
  if (!logged) {
    return tl::unexpected(logged.error());
  }
  auto* clock = std::get_if<ClockLogged>(&*logged);
  if (clock == nullptr) {
    return tl::unexpected<std::string>("it is no clock event of this build");
  }
  return std::move(clock->state);
}

}  // namespace vsim::messages
