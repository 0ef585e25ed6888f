#include "api/incidents.h"

#include "api/answers.h"
#include "api/server_queries.h"
#include "api/write_answers.h"
#include "schema/http/documents.h"
#include "schema/messages/region_codec.h"

namespace vsim::api {

Reply<Region> Incidents::read_region(const Call& call) const {
  const auto region = Region::parse(call.parameter);
  if (!region) {
    return tl::unexpected(invalid("the path's region is no region's name, such as us-east-1"));
  }
  if (!catalogue_.regions.contains(*region)) {
    return tl::unexpected(unknown_region(catalogue_, *region));
  }
  return *region;
}

Answer Incidents::set(const Call& call) {
  const auto terms = read_write_terms(call, WriteTarget::fleet);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto region = read_region(call);
  if (!region) {
    return tl::unexpected(region.error());
  }
  const auto incident = messages::read_incident(call.request.body);
  if (!incident) {
    return tl::unexpected(invalid("the body is wrong: " + incident.error()));
  }
  return submit(call, *terms, *region, *incident);
}

Answer Incidents::lift(const Call& call) {
  const auto terms = read_write_terms(call, WriteTarget::fleet);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto region = read_region(call);
  if (!region) {
    return tl::unexpected(region.error());
  }
  return submit(call, *terms, *region, LiftIncident{});
}

/// Answers with the incident that was set or lifted.
Answer Incidents::submit(const Call& call, const WriteTerms& terms, const Region& region,
                         const RegionAction& action) {
  const Write write = make_write(call,
                                 {.terms = terms,
                                  .region = region,
                                  .type = std::string(command_type(action)),
                                  .payload = messages::encode_region_action(action)},
                                 "/regions/" + region.name + "/incident");
  const auto result = gateway_.carry_out(write, write.terms.preferences.patience());
  if (!result) {
    return tl::unexpected(result.error());
  }
  if (auto without = answer_without_success(write, *result)) {
    return std::move(*without);
  }
  const bool is_set = std::holds_alternative<SetIncident>(action);
  const auto incident = find_before(region, result->operation.version + (is_set ? 1 : 0));
  if (!incident || !*incident) {
    return accepted_answer(write, *result);  // it is done, and cannot be shown
  }
  // As the outcome left it: repeats of the request are answered with the same document.
  auto row = **incident;
  if (is_set) {
    row.ended.reset();
    row.ended_by.clear();
  }
  const auto as_of = result->operation.decided_at.value_or(row.began);
  return with_terms(json_answer(200, http::render_incident(row, as_of)), write, *result);
}

Reply<std::optional<read_model::IncidentRow>> Incidents::find_before(const Region& region,
                                                                     Version number) {
  auto found = read_side_.read([&](read_model::Transaction& tx) {
    return read_model::list_incidents(tx, region, 1, number);
  });
  if (!found) {
    return tl::unexpected(found.error());
  }
  return found->empty() ? std::nullopt : std::optional(std::move(found->front()));
}

Answer Incidents::list(const Call& call) {
  const auto region = read_region(call);
  if (!region) {
    return tl::unexpected(region.error());
  }
  const auto query = read_query(call, {"limit", "before"});
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
  const auto incidents = read_side_.read([&](read_model::Transaction& tx) {
    return read_model::list_incidents(tx, *region, static_cast<std::uint32_t>(*limit + 1), *before);
  });
  if (!incidents) {
    return tl::unexpected(incidents.error());
  }
  return json_answer(200, http::render_incident_page(*incidents, *limit, clock_.now()));
}

}  // namespace vsim::api
