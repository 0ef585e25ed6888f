// The JSON of regions and instance types.

#include "schema/http/documents.h"
#include "schema/http/money_text.h"
#include "schema/messages/instant_text.h"

namespace vsim::http {
namespace {

using messages::JsonWriter;

void write_incident(JsonWriter& json, const read_model::IncidentRow& incident, Instant now) {
  const bool is_over = incident.until && *incident.until <= now;
  const auto ended = incident.ended || !is_over ? incident.ended : incident.until;
  json.begin_object();
  json.member("number", incident.number);
  json.member("began", messages::format_instant(incident.began));
  json.member_or_null("ended", ended ? messages::format_instant(*ended) : "");
  json.member_or_null("set_by", incident.set_by);
  json.member_or_null("ended_by", incident.ended_by);
  json.key("content");
  json.raw(incident.content);
  json.end_object();
}

bool is_in_force(const read_model::IncidentRow& incident, Instant now) {
  return !incident.ended && (!incident.until || now < *incident.until);
}

void write_region(JsonWriter& json, const read_model::RegionRow& region, Instant now) {
  json.begin_object();
  json.member("name", region.name);
  json.member("addresses_total", region.addresses_total);
  json.member("addresses_free", region.addresses_free);
  json.key("incident");
  if (region.incident && is_in_force(*region.incident, now)) {
    write_incident(json, *region.incident, now);
  } else {
    json.null();
  }
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

std::string render_region(const read_model::RegionRow& region, Instant now) {
  JsonWriter json;
  write_region(json, region, now);
  return json.take();
}

std::string render_regions(const std::vector<read_model::RegionRow>& regions, Instant now) {
  return render_items(regions, [now](JsonWriter& json, const read_model::RegionRow& region) {
    write_region(json, region, now);
  });
}

std::string render_incident(const read_model::IncidentRow& incident, Instant now) {
  JsonWriter json;
  write_incident(json, incident, now);
  return json.take();
}

std::string render_incident_page(const std::vector<read_model::IncidentRow>& incidents,
                                 std::uint64_t limit, Instant now) {
  const bool goes_on = incidents.size() > limit;
  const std::size_t shown = goes_on ? limit : incidents.size();
  JsonWriter json;
  json.begin_object();
  json.key("items");
  json.begin_array();
  for (std::size_t i = 0; i < shown; ++i) {
    write_incident(json, incidents[i], now);
  }
  json.end_array();
  json.member("limit", limit);
  json.key("next_before");
  if (goes_on) {
    json.number(incidents[shown - 1].number);
  } else {
    json.null();
  }
  json.end_object();
  return json.take();
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

}  // namespace vsim::http
