#include "schema/messages/state_codec.h"

#include "schema/messages/instant_text.h"
#include "schema/messages/json_fields.h"

namespace vsim::messages {
namespace {

constexpr std::array all_transitions = {Transition::create, Transition::start, Transition::stop,
                                        Transition::reboot, Transition::terminate};
static_assert(all_transitions.size() == transition_count);

struct WriteDelay {
  JsonWriter& json;
  void operator()(const FixedDelay& delay) const { json.member("fixed_ms", delay.length.count()); }
  void operator()(const UniformDelay& delay) const {
    json.key("uniform_ms");
    json.begin_array();
    json.number(delay.shortest.count());
    json.number(delay.longest.count());
    json.end_array();
  }
  void operator()(const LognormalDelay& delay) const {
    json.member("median_ms", delay.median.count());
    json.key("sigma");
    json.real(delay.sigma);
    json.member("longest_ms", delay.longest.count());
  }
};

void write_terms(JsonWriter& json, const Terms& terms) {
  json.begin_object();
  json.member("hourly_rate", terms.hourly_rate.ten_thousandths_usd);
  json.key("delays");
  json.begin_object();
  for (const auto transition : all_transitions) {
    json.key(to_string(transition));
    write_delay(json, terms.delays[static_cast<std::size_t>(transition)]);
  }
  json.end_object();
  json.member("create_ends_in", to_string(terms.create_ends_in));
  json.member("idle_timeout_ms", terms.idle_timeout.count());
  json.key("billing");
  write_billing(json, terms.billing);
  json.end_object();
}

Terms read_terms(const Fields& fields) {
  Terms terms;
  terms.hourly_rate = {fields.integer("hourly_rate")};
  if (terms.hourly_rate.ten_thousandths_usd < 0 ||
      terms.hourly_rate.ten_thousandths_usd > hourly_rate_max) {
    fields.complain("hourly_rate", "must be 0 to 1000000, in 1/10,000 USD per hour");
  }
  const auto delays = fields.object("delays");
  for (const auto transition : all_transitions) {
    terms.delays[static_cast<std::size_t>(transition)] =
        read_delay(delays.object(to_string(transition)));
  }
  terms.create_ends_in = fields.named("create_ends_in", status_from);
  terms.idle_timeout = fields.milliseconds("idle_timeout_ms");
  terms.billing = read_billing(fields.object("billing"));
  return terms;
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
    json.begin_object();
    json.member("due", format_instant(server.deadline->due));
    json.member("becomes", to_string(server.deadline->becomes));
    json.end_object();
  }
  if (server.termination_reason) {
    json.member("termination_reason", to_string(*server.termination_reason));
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
    const auto deadline = fields.object("deadline");
    server.deadline = Deadline{deadline.instant("due"), deadline.named("becomes", status_from)};
  }
  if (fields.has("termination_reason")) {
    server.termination_reason = fields.named("termination_reason", termination_reason_from);
  }
  const auto bill = fields.object("bill");
  server.bill.closed = bill.seconds("settled_seconds");
  if (bill.has("open_since")) {
    server.bill.open_since = bill.instant("open_since");
  }
  return server;
}

}  // namespace

void write_tags(JsonWriter& json, const std::map<std::string, std::string>& tags) {
  json.begin_object();
  for (const auto& [key, value] : tags) {
    json.member(key, value);
  }
  json.end_object();
}

void write_delay(JsonWriter& json, const Delay& delay) {
  json.begin_object();
  std::visit(WriteDelay{json}, delay);
  json.end_object();
}

Delay read_delay(const Fields& fields) {
  if (fields.has("fixed_ms")) {
    return FixedDelay{fields.milliseconds("fixed_ms")};
  }
  if (fields.has("median_ms")) {
    return LognormalDelay{fields.milliseconds("median_ms"), fields.real("sigma"),
                          fields.milliseconds("longest_ms")};
  }
  std::array<std::int64_t, 2> bounds{};
  std::size_t found = 0;
  for (const auto bound : fields.array("uniform_ms")) {
    if (found < bounds.size() && bound.get(bounds[found]) != simdjson::SUCCESS) {
      found = 2;
    }
    ++found;
  }
  const UniformDelay delay{Duration(bounds[0]), Duration(bounds[1])};
  if (found != 2 || delay.shortest < -span_max || delay.longest > span_max) {
    fields.complain("uniform_ms", "must be two whole numbers, of 10000 years at most");
    return UniformDelay{};
  }
  return delay;
}

void write_billing(JsonWriter& json, const BillingPolicy& policy) {
  json.begin_object();
  json.key("billable");
  json.begin_array();
  for (std::size_t i = 0; i < status_count; ++i) {
    if (policy.billable[i]) {
      json.string(to_string(static_cast<Status>(i)));
    }
  }
  json.end_array();
  json.member("granularity_seconds", policy.granularity.count());
  json.member("minimum_seconds", policy.minimum.count());
  json.end_object();
}

BillingPolicy read_billing(const Fields& fields) {
  BillingPolicy policy;
  for (const auto name : fields.array("billable")) {
    std::string_view text;
    const auto status = name.get(text) == simdjson::SUCCESS ? status_from(text) : std::nullopt;
    if (!status) {
      fields.complain("billable", "must be an array of states");
      return policy;
    }
    policy.billable[static_cast<std::size_t>(*status)] = true;
  }
  policy.granularity = fields.seconds("granularity_seconds");
  policy.minimum = fields.seconds("minimum_seconds");
  if (policy.granularity.count() < 1) {
    fields.complain("granularity_seconds", "must be 1 or more");
  }
  if (policy.minimum.count() < 0) {
    fields.complain("minimum_seconds", "must be 0 or more");
  }
  return policy;
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
}

Blueprint read_blueprint(const Fields& fields) {
  Blueprint blueprint;
  blueprint.account = fields.text("account");
  blueprint.name = fields.text("name");
  blueprint.instance_type = fields.text("instance_type");
  blueprint.profile = fields.text("profile");
  for (const auto [key, value] : fields.object("tags").raw()) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) {
      fields.complain("tags", "must hold strings only");
    }
    blueprint.tags.emplace(key, text);
  }
  blueprint.ip = fields.ip("ip");
  blueprint.terms = read_terms(fields.object("terms"));
  return blueprint;
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
