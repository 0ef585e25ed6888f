#include "schema/messages/state_codec.h"

#include "schema/messages/event_head.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/profile_codec.h"

namespace vsim::messages {
namespace {

void write_terms(JsonWriter& json, const Terms& terms) {
  json.begin_object();
  json.member("hourly_rate", terms.hourly_rate.ten_thousandths_usd);
  json.key("delays");
  write_courses(json, terms.courses);
  json.member("create_ends_in", to_string(terms.create_ends_in));
  json.member("idle_timeout_ms", terms.idle_timeout.count());
  json.key("billing");
  write_billing(json, terms.billing);
  if (!terms.risks.empty()) {
    json.key("hazards");
    write_risks(json, terms.risks);
  }
  json.end_object();
}

Terms read_terms(const Fields& fields) {
  Terms terms;
  terms.hourly_rate = {fields.integer("hourly_rate")};
  if (terms.hourly_rate.ten_thousandths_usd < 0 ||
      terms.hourly_rate.ten_thousandths_usd > hourly_rate_max) {
    fields.complain("hourly_rate", "must be 0 to 1000000, in 1/10,000 USD per hour");
  }
  terms.courses = read_courses(fields.object("delays"));
  terms.create_ends_in = fields.named("create_ends_in", status_from);
  terms.idle_timeout = fields.milliseconds("idle_timeout_ms");
  terms.billing = read_billing(fields.object("billing"));
  if (fields.has("hazards")) {
    terms.risks = read_risks(fields.object("hazards"));
  }
  return terms;
}

// The two turns that builds before D90 knew keep the form that they had, without a name: what has
// none is the reaping of an idle server in STOPPED, where no transition is under way, else the end
// of a transition.
bool is_named(Turn turn) { return turn != Turn::transition && turn != Turn::idle_timeout; }

void name_idle_timeout(Server& server) {
  if (server.deadline && !is_named(server.deadline->turn)) {
    server.deadline->turn = Turn::idle_timeout;
  }
  for (auto& later : server.later) {
    if (!is_named(later.turn)) {
      later.turn = Turn::idle_timeout;
    }
  }
}

void write_deadline(JsonWriter& json, const Deadline& deadline) {
  json.begin_object();
  json.member("due", format_instant(deadline.due));
  json.member("becomes", to_string(deadline.becomes));
  if (is_named(deadline.turn)) {
    json.member("turn", to_string(deadline.turn));
  }
  if (deadline.failure) {
    json.key("failure");
    write_failure(json, *deadline.failure);
  }
  json.end_object();
}

Deadline read_deadline(const Fields& fields) {
  Deadline deadline{.due = fields.instant("due"), .becomes = fields.named("becomes", status_from)};
  if (fields.has("turn")) {
    deadline.turn = fields.named("turn", turn_from);
    if (!is_named(deadline.turn)) {
      fields.complain("turn",
                      "must be left out where a transition ends or an idle server is reaped");
    }
  }
  if (fields.has("failure")) {
    deadline.failure = read_failure(fields.object("failure"));
  }
  return deadline;
}

void write_assignment(JsonWriter& json, const Assignment& assignment) {
  json.begin_object();
  if (assignment.acquisition) {
    json.member("acquisition", assignment.acquisition->to_string());
  }
  json.member("at", format_instant(assignment.at));
  write_new_names(json, assignment.name, assignment.tags);
  json.end_object();
}

Assignment read_assignment(const Fields& fields) {
  Assignment assignment{.acquisition = {}, .at = fields.instant("at"), .name = {}, .tags = {}};
  if (fields.has("acquisition")) {
    assignment.acquisition = CommandId{fields.uuid("acquisition")};
  }
  read_new_names(fields, assignment.name, assignment.tags);
  return assignment;
}

void write_server(JsonWriter& json, const Server& server) {
  json.member("status", to_string(server.status));
  write_blueprint(json, server.blueprint);
  json.member("created_at", format_instant(server.created_at));
  if (server.last_started_at) {
    json.member("last_started_at", format_instant(*server.last_started_at));
  }
  if (server.deadline) {
    json.key("deadline");
    write_deadline(json, *server.deadline);
  }
  if (!server.later.empty()) {
    json.key("later");
    write_deadlines(json, server.later);
  }
  if (server.termination_reason) {
    json.member("termination_reason", to_string(*server.termination_reason));
  }
  if (server.failure) {
    json.key("failure");
    write_failure(json, *server.failure);
  }
  if (server.health != Health::ok) {
    json.member("health", to_string(server.health));
  }
  if (server.impaired_by) {
    json.member("impaired_by", *server.impaired_by);
  }
  if (server.interruption_at) {
    json.member("interruption_at", format_instant(*server.interruption_at));
  }
  if (server.assignment) {
    json.key("assignment");
    write_assignment(json, *server.assignment);
  }
  json.key("bill");
  json.begin_object();
  json.member("settled_seconds", server.bill.closed.count());
  if (server.bill.open_since) {
    json.member("open_since", format_instant(*server.bill.open_since));
  }
  json.end_object();
}

Server read_server(const Fields& fields) {
  Server server;
  server.status = fields.named("status", status_from);
  server.blueprint = read_blueprint(fields);
  server.created_at = fields.instant("created_at");
  if (fields.has("last_started_at")) {
    server.last_started_at = fields.instant("last_started_at");
  }
  if (fields.has("deadline")) {
    server.deadline = read_deadline(fields.object("deadline"));
  }
  if (fields.has("later")) {
    server.later = read_deadlines(fields, "later");
  }
  if (fields.has("termination_reason")) {
    server.termination_reason = fields.named("termination_reason", termination_reason_from);
  }
  if (fields.has("failure")) {
    server.failure = read_failure(fields.object("failure"));
  }
  if (fields.has("health")) {
    server.health = fields.named("health", health_from);
  }
  if (fields.has("impaired_by")) {
    server.impaired_by = fields.count("impaired_by");
  }
  if (fields.has("interruption_at")) {
    server.interruption_at = fields.instant("interruption_at");
  }
  if (fields.has("assignment")) {
    server.assignment = read_assignment(fields.object("assignment"));
  }
  if (server.status == Status::stopped) {
    name_idle_timeout(server);
  }
  const auto bill = fields.object("bill");
  server.bill.closed = bill.seconds("settled_seconds");
  if (bill.has("open_since")) {
    server.bill.open_since = bill.instant("open_since");
  }
  return server;
}

}  // namespace

void write_failure(JsonWriter& json, const Failure& failure) {
  json.begin_object();
  json.member("code", failure.code);
  json.member("detail", failure.detail);
  json.end_object();
}

Failure read_failure(const Fields& fields) {
  return {std::string(fields.text("code")), std::string(fields.text("detail"))};
}

void write_deadlines(JsonWriter& json, const std::vector<Deadline>& deadlines) {
  json.begin_array();
  for (const auto& deadline : deadlines) {
    write_deadline(json, deadline);
  }
  json.end_array();
}

std::vector<Deadline> read_deadlines(const Fields& fields, std::string_view name) {
  std::vector<Deadline> deadlines;
  fields.each_object(name,
                     [&](const Fields& deadline) { deadlines.push_back(read_deadline(deadline)); });
  return deadlines;
}

void write_tags(JsonWriter& json, const std::map<std::string, std::string>& tags) {
  json.begin_object();
  for (const auto& [key, value] : tags) {
    json.member(key, value);
  }
  json.end_object();
}

void write_blueprint(JsonWriter& json, const Blueprint& blueprint) {
  json.member("account", blueprint.account);
  json.member("name", blueprint.name);
  json.member("instance_type", blueprint.instance_type);
  json.member("profile", blueprint.profile);
  json.key("tags");
  write_tags(json, blueprint.tags);
  json.member("ip", blueprint.ip.to_string());
  json.key("terms");
  write_terms(json, blueprint.terms);
  if (blueprint.warm) {
    json.key("warm_pool");
    write_warm_place(json, *blueprint.warm);
  }
}

std::map<std::string, std::string> read_stored_tags(const Fields& fields) {
  std::map<std::string, std::string> tags;
  for (const auto [key, value] : fields.object("tags").raw()) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) {
      fields.complain("tags", "must hold strings only");
    }
    tags.emplace(key, text);
  }
  return tags;
}

Blueprint read_blueprint(const Fields& fields) {
  Blueprint blueprint;
  blueprint.account = read_account(fields);
  blueprint.name = fields.text("name");
  blueprint.instance_type = fields.text("instance_type");
  blueprint.profile = fields.text("profile");
  blueprint.tags = read_stored_tags(fields);
  blueprint.ip = fields.ip("ip");
  blueprint.terms = read_terms(fields.object("terms"));
  if (fields.has("warm_pool")) {
    blueprint.warm = read_warm_place(fields.object("warm_pool"));
  }
  return blueprint;
}

void write_warm_place(JsonWriter& json, const WarmPlace& place) {
  json.begin_object();
  json.member("name", place.pool);
  json.member("number", place.number);
  json.member("on_release", to_string(place.on_release));
  json.end_object();
}

WarmPlace read_warm_place(const Fields& fields) {
  WarmPlace place{.pool = std::string(fields.text("name")), .number = fields.count("number")};
  place.on_release = fields.named("on_release", on_release_from);
  if (!is_warm_pool_name(place.pool)) {
    fields.complain("name", "must be 1 to 40 of a-z, 0-9 and inner dashes");
  }
  if (place.number == 0) {
    fields.complain("number", "must be 1 or more");
  }
  return place;
}

void write_new_names(JsonWriter& json, const std::optional<std::string>& name,
                     const std::map<std::string, std::string>& tags) {
  if (name) {
    json.member("name", *name);
  }
  if (!tags.empty()) {
    json.key("tags");
    write_tags(json, tags);
  }
}

void read_new_names(const Fields& fields, std::optional<std::string>& name,
                    std::map<std::string, std::string>& tags) {
  if (fields.has("name")) {
    name = fields.text("name");
  }
  if (fields.has("tags")) {
    tags = read_stored_tags(fields);
  }
}

void write_last_command(JsonWriter& json, const LastCommand& last) {
  json.begin_object();
  json.member("id", last.cause.command.to_string());
  json.member("sequence", last.cause.sequence);
  json.member("request_hash", last.cause.request_hash);
  json.member("type", last.cause.type);
  json.member("outcome", to_string(last.outcome.kind));
  if (last.outcome.rejection) {
    json.member("code", to_string(last.outcome.rejection->code));
    json.member("detail", last.outcome.rejection->detail);
  }
  json.end_object();
}

LastCommand read_last_command(const Fields& fields) {
  LastCommand last;
  last.cause.command = {fields.uuid("id")};
  last.cause.sequence = fields.count("sequence");
  last.cause.request_hash = fields.text("request_hash");
  last.cause.type = fields.text("type");
  // Pools and the clock once noted only what had succeeded.
  if (fields.has("outcome")) {
    last.outcome.kind = fields.named("outcome", outcome_kind_from);
  }
  if (last.outcome.kind == OutcomeKind::rejected) {
    last.outcome.rejection =
        Rejection{fields.named("code", rejection_code_from), std::string(fields.text("detail"))};
  }
  return last;
}

void write_state(JsonWriter& json, const State& state) {
  json.begin_object();
  json.member("version", state.version);
  json.member("at", format_instant(state.at));
  if (state.last_change != Change{state.version, state.at}) {
    json.key("last_change");
    json.begin_object();
    json.member("version", state.last_change.version);
    json.member("at", format_instant(state.last_change.at));
    json.end_object();
  }
  if (state.server) {
    write_server(json, *state.server);
  }
  if (state.last_command) {
    json.key("last_command");
    write_last_command(json, *state.last_command);
  }
  json.end_object();
}

State read_state(const Fields& fields, const Region& region) {
  State state;
  state.version = fields.count("version");
  state.region = region;
  state.at = fields.instant("at");
  // Builds that did not know it yet left it out of outcomes too: those then count as changes.
  state.last_change = {state.version, state.at};
  if (fields.has("last_change")) {
    const auto change = fields.object("last_change");
    state.last_change = {change.count("version"), change.instant("at")};
    if (state.last_change.version > state.version || state.last_change.at > state.at) {
      fields.complain("last_change", "must not be after the event");
    }
  }
  if (fields.has("status")) {
    state.server = read_server(fields);
  }
  if (fields.has("last_command")) {
    state.last_command = read_last_command(fields.object("last_command"));
  }
  return state;
}

}  // namespace vsim::messages
