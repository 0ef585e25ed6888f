#include "schema/messages/warm_pool_codec.h"

#include <array>

#include "domain/tag_overrides.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/event_head.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"
#include "schema/messages/state_codec.h"

namespace vsim::messages {
namespace {

constexpr std::array<std::string_view, 9> set_members{"type",        "region", "instance_type",
                                                      "profile",     "target", "replenish_below",
                                                      "warming_max", "tags",   "on_release"};
// Of a request, where "type" is the servers'.
constexpr std::array<std::string_view, 9> asked_members = set_members;

// ---------------------------------------------------------------------------------------------
// Written.

struct WriteWarmPoolData {
  JsonWriter& json;
  const std::optional<Cause>& cause;

  // The terms stand in the state, also after an outcome that changes nothing.
  void operator()(const WarmPoolSet&) const {}
  void operator()(const WarmPoolDraining&) const {}
  void operator()(const CommandRejected& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandPurged& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandDeadLettered& event) const { write_no_change(json, event, cause); }
};

struct WriteWarmPoolAction {
  JsonWriter& json;

  void operator()(const SetWarmPool& set) const { write_warm_pool_terms(json, set.terms); }
  void operator()(const DrainWarmPool&) const {}
};

void write_pool_state(JsonWriter& json, const WarmPool& pool) {
  json.begin_object();
  if (pool.terms) {
    json.key("terms");
    json.begin_object();
    write_warm_pool_terms(json, *pool.terms);
    json.end_object();
    json.key("draining");
    json.boolean(pool.draining);
    json.member("created_at", format_instant(pool.created_at));
    json.member("changed", pool.last_change.version);
    json.member("changed_at", format_instant(pool.last_change.at));
  }
  if (pool.last_command) {
    json.key("last_command");
    write_last_command(json, *pool.last_command);
  }
  json.end_object();
}

// ---------------------------------------------------------------------------------------------
// Read.

std::uint32_t read_number(const Fields& fields, std::string_view name, std::uint32_t otherwise) {
  if (!fields.has(name)) {
    return otherwise;
  }
  const auto number = fields.integer(name);
  if (number < 0 || number > warm_pool_target_max) {
    fields.complain(name, "must be 0 to " + std::to_string(warm_pool_target_max));
    return otherwise;
  }
  return static_cast<std::uint32_t>(number);
}

OnRelease read_on_release(const Fields& fields) {
  if (!fields.has("on_release")) {
    return OnRelease::terminate;
  }
  const auto way = on_release_from(fields.text("on_release"));
  if (!way) {
    fields.complain("on_release",
                    "must be terminate or reset: what becomes of a server that is "
                    "given back");
  }
  return way.value_or(OnRelease::terminate);
}

// The log holds all members. Of an order the target stands for what is left out: whenever one is
// missing it is ordered, all at once.
WarmPoolTerms read_terms(const Fields& fields, std::string_view type) {
  WarmPoolTerms terms;
  terms.region = Region{std::string(fields.text("region"))};
  terms.instance_type = fields.text(type);
  if (fields.has("profile")) {
    terms.profile = fields.text("profile");
  }
  if (fields.has("tags")) {
    terms.tags = read_stored_tags(fields);
  }
  terms.target = read_number(fields, "target", 0);
  if (!fields.has("target")) {
    fields.complain("target", "is missing: how many servers the pool is to hold ready");
  }
  terms.replenish_below = read_number(fields, "replenish_below", terms.target);
  terms.warming_max = read_number(fields, "warming_max", std::max(terms.target, 1U));
  terms.on_release = read_on_release(fields);
  return terms;
}

tl::expected<WarmPoolTerms, std::string> read_order(const Fields& fields, std::string_view type) {
  auto terms = read_terms(fields, type);
  terms.tags = read_ordered_tags(fields);  // within the limits of today
  if (fields.ok() && !Region::parse(terms.region.name)) {
    fields.complain("region", "is no region's name, such as us-east-1");
  }
  if (const auto why = complaint_about_ordered_name(terms.instance_type)) {
    fields.complain(type, *why);
  }
  if (terms.profile) {
    if (const auto why = complaint_about_ordered_name(*terms.profile)) {
      fields.complain("profile", *why);
    }
  }
  if (!fields.ok()) {
    return tl::unexpected(fields.error());
  }
  if (auto why = out_of_range(terms)) {
    return tl::unexpected(std::move(*why));
  }
  return terms;
}

WarmPool read_pool_state(const Fields& fields) {
  WarmPool pool;
  if (fields.has("terms")) {
    pool.terms = read_terms(fields.object("terms"), "instance_type");
    pool.draining = fields.boolean("draining");
    pool.created_at = fields.instant("created_at");
    pool.last_change = {fields.count("changed"), fields.instant("changed_at")};
  }
  if (fields.has("last_command")) {
    pool.last_command = read_last_command(fields.object("last_command"));
  }
  return pool;
}

std::optional<WarmPoolEventData> read_pool_data(std::string_view type, const Fields& fields,
                                                const WarmPool& after) {
  if (type == "warm_pool_set") {
    return WarmPoolSet{after.terms.value_or(WarmPoolTerms{})};
  }
  if (type == "warm_pool_draining") {
    return WarmPoolDraining{};
  }
  if (const auto outcome = read_no_change(type, fields)) {
    return data_of<WarmPoolEventData>(*outcome);
  }
  return std::nullopt;
}

}  // namespace

void write_warm_pool_terms(JsonWriter& json, const WarmPoolTerms& terms) {
  json.member("region", terms.region.name);
  json.member("instance_type", terms.instance_type);
  if (terms.profile) {
    json.member("profile", *terms.profile);
  }
  json.member("target", std::uint64_t{terms.target});
  json.member("replenish_below", std::uint64_t{terms.replenish_below});
  json.member("warming_max", std::uint64_t{terms.warming_max});
  if (!terms.tags.empty()) {
    json.key("tags");
    write_tags(json, terms.tags);
  }
  json.member("on_release", to_string(terms.on_release));
}

std::string encode_warm_pool_action(const WarmPoolAction& action) {
  JsonWriter json;
  json.begin_object();
  json.member("type", command_type(action));
  std::visit(WriteWarmPoolAction{json}, action);
  json.end_object();
  return json.take();
}

tl::expected<WarmPoolAction, std::string> read_warm_pool_action(const Fields& fields) {
  const auto type = fields.text("type");
  if (type == "drain_warm_pool") {
    return DrainWarmPool{};
  }
  if (type != "set_warm_pool") {
    return tl::unexpected<std::string>(
        "\"type\" of a warm pool's command must be set_warm_pool or drain_warm_pool");
  }
  return read_order(fields, "instance_type").map([](WarmPoolTerms terms) {
    return WarmPoolAction(SetWarmPool{std::move(terms)});
  });
}

tl::expected<WarmPoolTerms, std::string> read_warm_pool_terms(std::string_view json) {
  std::string error;
  const auto object = parse_object(json, error);
  if (!object) {
    return tl::unexpected(error);
  }
  auto complaint = find_double(*object);
  if (!complaint) {
    complaint = find_unknown_member(*object, asked_members);
  }
  if (complaint) {
    return tl::unexpected(std::move(*complaint));
  }
  const Fields fields(*object, error);
  auto terms = read_order(fields, fields.has("instance_type") ? "instance_type" : "type");
  if (terms) {
    if (auto why = complaint_about_tags(terms->tags)) {
      return tl::unexpected(std::move(*why));
    }
  }
  return terms;
}

Names members_of_set_warm_pool() { return set_members; }

std::string encode(const WarmPoolEvent& event, const WarmPool& after) {
  JsonWriter json;
  json.begin_object();
  json.member("type", event_type(event.data));
  json.member("account", event.pool.account);
  json.member("name", event.pool.name);
  write_what_happened<WriteWarmPoolData>(json, event);
  json.key("state");
  write_pool_state(json, after);
  json.end_object();
  return json.take();
}

LoggedEvent read_warm_pool_event(const Fields& fields, const WarmPoolId& pool) {
  WarmPoolLogged logged;
  auto& [event, state] = logged;
  state = read_pool_state(fields.object("state"));
  const auto type = fields.text("type");
  auto data = read_pool_data(type, fields, state);
  if (!data) {
    return UnknownEvent{std::string(type)};
  }
  event.pool = pool;
  event.version = fields.count("version");
  event.at = fields.instant("at");
  event.origin = read_origin(fields);
  event.origin.account.clear();  // the pool's
  event.data = std::move(*data);
  state.version = event.version;
  state.at = event.at;
  const auto& last = state.last_command;
  event.cause = read_cause(fields, last ? std::optional(last->cause) : std::nullopt);
  return logged;
}

}  // namespace vsim::messages
