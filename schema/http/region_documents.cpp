// The JSON of regions and instance types.

#include "schema/http/documents.h"
#include "schema/http/money_text.h"

namespace vsim::http {
namespace {

using messages::JsonWriter;

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

}  // namespace vsim::http
