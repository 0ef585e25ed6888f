#include <algorithm>

#include "schema/http/cursor.h"
#include "schema/http/documents.h"
#include "schema/http/money_text.h"
#include "schema/messages/instant_text.h"

namespace vsim::http {
namespace {

using messages::JsonWriter;
using read_model::ServerRow;

constexpr std::size_t server_bytes_usual = 768;

void write_time(JsonWriter& json, std::string_view name, const std::optional<Instant>& at) {
  json.key(name);
  if (at) {
    json.string(messages::format_instant(*at));
  } else {
    json.null();
  }
}

void write_failure(JsonWriter& json, const std::optional<Failure>& failure) {
  json.key("failure");
  if (!failure) {
    return json.null();
  }
  json.begin_object();
  json.member("code", failure->code);
  json.member("detail", failure->detail);
  json.end_object();
}

void write_usd(JsonWriter& json, std::string_view name, const std::string& amount) {
  json.key(name);
  json.raw(amount);
}

void write_bill(JsonWriter& json, const ServerRow& server, Instant now) {
  // What comes at a deadline that has passed is not known before it is in the log. And an event or
  // a watermark may come from a machine whose clock is a little ahead.
  now = std::min(now, server.due.value_or(now));
  const auto at = std::max({now, server.updated_at, server.billed_through.value_or(now)});
  const auto live = billed_total(server.bill, server.billing, at);
  const auto billed = accrued(server.bill, server.billing, server.billed_through);
  json.member("accrued_seconds", billed.count());
  write_usd(json, "accrued_cost", usd(cost_of(server.hourly_rate, billed)));
  write_usd(json, "hourly_rate", usd(server.hourly_rate));
  json.member("live_uptime_seconds", live.count());
  write_usd(json, "live_cost", usd(cost_of(server.hourly_rate, live)));
}

void write_tags(JsonWriter& json, const std::map<std::string, std::string>& tags) {
  json.key("tags");
  json.begin_object();
  for (const auto& [name, value] : tags) {
    json.member(name, value);
  }
  json.end_object();
}

}  // namespace

void write_server(JsonWriter& json, const ServerRow& server, Instant now) {
  json.begin_object();
  json.member("id", server.id);
  json.member("name", server.name);
  json.member("region", server.region);
  json.member("type", server.type);
  json.member("status", server.status);
  json.member_or_null("ip", server.ip);
  json.member("profile", server.profile);
  json.member("account", server.account);
  json.key("tags");
  json.raw(server.tags_json.empty() ? "{}" : server.tags_json);
  // Of the last change, as the ETag: what changes nothing leaves the document as it is. // D50
  json.member("version", server.changed_version);
  write_time(json, "created_at", server.created_at);
  write_time(json, "updated_at", server.updated_at);
  write_time(json, "last_started_at", server.last_started_at);
  write_time(json, "due_at", read_model::foreseeable_due(server));
  json.member_or_null("termination_reason", server.termination_reason.value_or(""));
  write_failure(json, server.failure);
  json.member("health", server.health);
  write_time(json, "interruption_at", server.interruption_at);
  write_time(json, "expires_at", server.expires_at);
  json.member_or_null("warm_pool", server.warm_pool.value_or(""));
  write_time(json, "assigned_at", server.assigned_at);
  json.member("idle_timeout_seconds",
              std::chrono::duration_cast<std::chrono::seconds>(server.idle_timeout).count());
  write_bill(json, server, now);
  json.end_object();
}

std::string render_server(const ServerRow& server, Instant now) {
  JsonWriter json;
  json.reserve(server_bytes_usual);
  write_server(json, server, now);
  return json.take();
}

std::string render_queued_server(const QueuedServer& server) {
  JsonWriter json;
  json.begin_object();
  json.member("id", server.id);
  json.member("name", server.create.name);
  json.member("region", server.region);
  json.member("type", server.create.instance_type);
  json.member("status", to_string(Status::pending));
  json.member_or_null("ip", "");
  json.member_or_null("profile", server.create.profile.value_or(""));
  json.member("account", server.account);
  write_tags(json, server.create.tags);
  json.member("version", 0);
  for (const char* name :
       {"created_at", "updated_at", "last_started_at", "due_at", "termination_reason", "failure"}) {
    json.key(name);
    json.null();
  }
  json.member("health", to_string(Health::ok));
  for (const char* name : {"interruption_at", "expires_at"}) {
    json.key(name);
    json.null();
  }
  json.member_or_null("warm_pool", server.create.warm ? server.create.warm->pool : std::string());
  for (const char* name : {"assigned_at", "idle_timeout_seconds"}) {
    json.key(name);
    json.null();
  }
  json.member("accrued_seconds", 0);
  json.member("accrued_cost", 0);
  json.key("hourly_rate");
  json.null();
  json.member("live_uptime_seconds", 0);
  json.member("live_cost", 0);
  json.end_object();
  return json.take();
}

std::string render_server_page(const read_model::ServerPage& page, std::uint64_t limit,
                               std::uint64_t offset, Instant now) {
  const bool more = page.items.size() > limit;
  const std::size_t shown = more ? limit : page.items.size();
  JsonWriter json;
  json.reserve((shown + 1) * server_bytes_usual);
  json.begin_object();
  json.key("items");
  json.begin_array();
  for (std::size_t i = 0; i < shown; ++i) {
    write_server(json, page.items[i], now);
  }
  json.end_array();
  json.member("total", page.total);
  json.member("limit", limit);
  json.member("offset", offset);
  json.key("next_cursor");
  if (more) {
    const ServerRow& last = page.items[shown - 1];
    json.string(encode_cursor({last.created_at, last.id}));
  } else {
    json.null();
  }
  json.end_object();
  return json.take();
}

std::string render_server_log(const std::vector<read_model::ServerEventRow>& events) {
  JsonWriter json;
  json.begin_array();
  for (const auto& event : events) {
    json.begin_object();
    json.member("version", event.version);
    json.member("timestamp", messages::format_instant(event.at));
    json.member("event", event.event);
    json.member("message", event.message);
    json.member("actor", event.actor);
    json.member_or_null("operation_id", event.command_id);
    json.member_or_null("request_id", event.correlation_id);
    json.member("sequence", event.sequence);
    json.end_object();
  }
  json.end_array();
  return json.take();
}

}  // namespace vsim::http
