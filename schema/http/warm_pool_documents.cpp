// The JSON of warm pools.

#include "domain/account.h"
#include "schema/http/documents.h"
#include "schema/messages/instant_text.h"

namespace vsim::http {
namespace {

using messages::JsonWriter;
using Seconds = std::chrono::duration<double>;

void write_seconds(JsonWriter& json, std::string_view name, const std::optional<Seconds>& seconds) {
  json.key(name);
  seconds ? json.real(seconds->count()) : json.null();
}

void write_warm_pool(JsonWriter& json, const WarmPoolView& view) {
  const read_model::WarmPoolRow& pool = view.pool;
  const WarmPoolTerms& terms = pool.terms;
  json.begin_object();
  json.member("name", pool.id.name);
  json.member("account", pool.id.account);
  json.member("region", terms.region.name);
  json.member("type", terms.instance_type);
  json.member_or_null("profile", terms.profile.value_or(""));
  json.key("tags");
  json.raw(read_model::tags_json(terms.tags));
  json.member("target", terms.target);
  json.member("replenish_below", terms.replenish_below);
  json.member("warming_max", terms.warming_max);
  json.member("on_release", to_string(terms.on_release));
  json.key("draining");
  json.boolean(pool.draining);
  json.member("ready", pool.ready);
  json.member("warming", pool.warming);
  json.member("assigned", pool.assigned);
  json.member("broken", pool.broken);
  json.member("hits", pool.hits);
  json.member("misses", view.misses);
  json.member("failed", pool.failed);
  write_seconds(json, "acquire_p50_seconds", view.acquire_p50);
  write_seconds(json, "acquire_p99_seconds", view.acquire_p99);
  json.member("created_at", messages::format_instant(pool.created_at));
  json.member("updated_at", messages::format_instant(pool.updated_at));
  json.end_object();
}

std::string position_of(const WarmPoolId& pool) { return pool.account + "/" + pool.name; }

}  // namespace

std::string render_warm_pool(const WarmPoolView& view) {
  JsonWriter json;
  write_warm_pool(json, view);
  return json.take();
}

std::string render_warm_pool_page(const std::vector<WarmPoolView>& pools, std::uint64_t limit) {
  const bool goes_on = pools.size() > limit;
  const std::size_t shown = goes_on ? limit : pools.size();
  JsonWriter json;
  json.begin_object();
  json.key("items");
  json.begin_array();
  for (std::size_t i = 0; i < shown; ++i) {
    write_warm_pool(json, pools[i]);
  }
  json.end_array();
  json.member("limit", limit);
  json.member_or_null("next_after", goes_on ? position_of(pools[shown - 1].pool.id) : "");
  json.end_object();
  return json.take();
}

std::optional<WarmPoolId> read_warm_pool_position(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    return std::nullopt;
  }
  WarmPoolId pool{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
  const bool is_one = !complaint_about_account(pool.account) && is_warm_pool_name(pool.name);
  return is_one ? std::optional(std::move(pool)) : std::nullopt;
}

}  // namespace vsim::http
