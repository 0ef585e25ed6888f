// The JSON of operations, regions, instance types and the clock.

#include <algorithm>

#include "schema/http/documents.h"
#include "schema/http/money_text.h"
#include "schema/http/problem.h"
#include "schema/messages/instant_text.h"

namespace vsim::http {
namespace {

using messages::JsonWriter;
using read_model::OperationRow;

void write_instant_or_null(JsonWriter& json, std::string_view name,
                           const std::optional<Instant>& instant) {
  json.key(name);
  if (instant) {
    json.string(messages::format_instant(*instant));
  } else {
    json.null();
  }
}

/// All members but the last brace, so that more may follow.
void begin_operation(JsonWriter& json, const OperationRow& operation, std::string_view status,
                     std::string_view code, std::string_view detail) {
  json.begin_object();
  json.member("id", operation.id);
  json.member("type", operation.type);
  json.member("status", status);
  json.member("region", operation.region);
  json.member_or_null("server_id", operation.server_id);
  json.member_or_null("code", code);
  json.member_or_null("detail", detail);
  json.member("actor", operation.actor);
  json.member_or_null("request_id", operation.correlation_id);
  json.member("command_sequence", operation.command_sequence);
  json.key("event_sequence");
  if (operation.event_sequence > 0) {
    json.number(operation.event_sequence);
  } else {
    json.null();
  }
  write_instant_or_null(json, "decided_at", operation.decided_at);
}

void write_region(JsonWriter& json, const read_model::RegionRow& region) {
  json.begin_object();
  json.member("name", region.name);
  json.member("addresses_total", region.addresses_total);
  json.member("addresses_free", region.addresses_free);
  json.end_object();
}

/// {"items":[...]}
template <typename Rows, typename Write>
std::string render_items(const Rows& rows, Write&& write) {
  JsonWriter json;
  json.begin_object();
  json.key("items");
  json.begin_array();
  for (const auto& row : rows) {
    write(json, row);
  }
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace

std::string_view OperationView::status() const {
  if (!until_settled || operation.status != to_string(OutcomeKind::succeeded)) {
    return operation.status;
  }
  if (!settled) {
    return "PENDING";
  }
  return settled->superseded ? std::string_view("SUPERSEDED") : std::string_view(operation.status);
}

std::string render_operation(const OperationView& view) {
  JsonWriter json;
  const OperationRow& operation = view.operation;
  const auto status = view.status();
  const bool superseded = status == "SUPERSEDED";
  begin_operation(json, operation, status,
                  superseded ? kind_of(ProblemCode::superseded).name : operation.code,
                  superseded ? superseded_detail : operation.detail);
  write_instant_or_null(json, "settled_at",
                        view.settled ? std::optional(view.settled->at) : std::nullopt);
  json.end_object();
  return json.take();
}

std::string render_operation_page(const std::vector<OperationRow>& operations,
                                  std::uint64_t limit) {
  const bool more = operations.size() > limit;
  const std::size_t shown = more ? limit : operations.size();
  JsonWriter json;
  json.begin_object();
  json.key("items");
  json.begin_array();
  for (std::size_t i = 0; i < shown; ++i) {
    const OperationRow& operation = operations[i];
    begin_operation(json, operation, operation.status, operation.code, operation.detail);
    json.end_object();
  }
  json.end_array();
  json.member("limit", limit);
  json.key("next_before");
  if (more) {
    json.number(operations[shown - 1].command_sequence);
  } else {
    json.null();
  }
  json.end_object();
  return json.take();
}

std::string render_region(const read_model::RegionRow& region) {
  JsonWriter json;
  write_region(json, region);
  return json.take();
}

std::string render_regions(const std::vector<read_model::RegionRow>& regions) {
  return render_items(regions, write_region);
}

std::string render_types(const std::vector<read_model::InstanceTypeRow>& types) {
  return render_items(types, [](JsonWriter& json, const read_model::InstanceTypeRow& type) {
    json.begin_object();
    json.member("name", type.name);
    json.key("hourly_rate");
    json.raw(usd(type.hourly_rate));
    json.end_object();
  });
}

std::string render_clock(const read_model::ClockRow& clock, Instant now) {
  JsonWriter json;
  json.begin_object();
  json.member("now", messages::format_instant(std::max(now, clock.deadlines_applied)));
  json.key("scale");
  json.real(clock.time.scale);
  json.member("seed", clock.time.seed);
  json.member("deadlines_applied", messages::format_instant(clock.deadlines_applied));
  json.end_object();
  return json.take();
}

}  // namespace vsim::http
