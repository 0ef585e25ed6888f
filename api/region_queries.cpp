#include "api/region_queries.h"

#include <algorithm>

#include "api/answers.h"
#include "api/server_queries.h"
#include "schema/http/documents.h"

namespace vsim::api {

/// As the query asks for them: now, or as they were.
Reply<RegionQueries::Seen> RegionQueries::look(const Call& call) {
  const auto query = read_query(call, {"at"});
  if (!query) {
    return tl::unexpected(query.error());
  }
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto at = read_past(*query, clock_);
  if (!at) {
    return tl::unexpected(at.error());
  }
  if (*at) {
    return look_at(**at);
  }
  auto regions = read_side_.read(read_model::list_regions);
  if (!regions) {
    return tl::unexpected(regions.error());
  }
  return Seen{std::move(*regions), clock_.now()};
}

/// How large the pools were only the log tells.
Reply<RegionQueries::Seen> RegionQueries::look_at(Instant at) {
  const auto sizes = log_side_.pool_sizes_at(at);
  if (!sizes) {
    return tl::unexpected(sizes.error());
  }
  auto regions = read_side_.read(
      [&](read_model::Transaction& tx) { return read_model::list_regions_at(tx, at, *sizes); });
  if (!regions) {
    return tl::unexpected(regions.error());
  }
  return Seen{std::move(*regions), at};
}

Answer RegionQueries::list(const Call& call) {
  const auto seen = look(call);
  if (!seen) {
    return tl::unexpected(seen.error());
  }
  return json_answer(200, http::render_regions(seen->regions, seen->at));
}

Answer RegionQueries::get(const Call& call) {
  const auto region = read_region(catalogue_, call);
  if (!region) {
    return tl::unexpected(region.error());
  }
  const auto seen = look(call);
  if (!seen) {
    return tl::unexpected(seen.error());
  }
  const auto found =
      std::find_if(seen->regions.begin(), seen->regions.end(),
                   [&](const read_model::RegionRow& row) { return row.name == region->name; });
  const bool is_there = found != seen->regions.end();  // while they are projected anew it is not
  return json_answer(
      200, http::render_region(is_there ? *found : read_model::RegionRow{region->name}, seen->at));
}

Answer RegionQueries::incidents(const Call& call) {
  const auto region = read_region(catalogue_, call);
  if (!region) {
    return tl::unexpected(region.error());
  }
  const auto query = read_query(call, {"limit", "before", "at"});
  if (!query) {
    return tl::unexpected(query.error());
  }
  const auto limit = query->number("limit", 1, limit_max, incidents_limit_default);
  const auto before = query->number("before", 1, INT64_MAX, INT64_MAX);
  if (!limit || !before) {
    return tl::unexpected(invalid(limit ? before.error() : limit.error()));
  }
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto at = read_past(*query, clock_);
  if (!at) {
    return tl::unexpected(at.error());
  }
  const auto incidents = read_side_.read([&](read_model::Transaction& tx) {
    return read_model::list_incidents(tx, *region, static_cast<std::uint32_t>(*limit + 1), *before,
                                      *at);
  });
  if (!incidents) {
    return tl::unexpected(incidents.error());
  }
  return json_answer(200,
                     http::render_incident_page(*incidents, *limit, at->value_or(clock_.now())));
}

}  // namespace vsim::api
