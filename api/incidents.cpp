#include "api/incidents.h"

#include "api/answers.h"
#include "api/write_answers.h"
#include "schema/http/documents.h"
#include "schema/messages/region_codec.h"

namespace vsim::api {

Answer Incidents::set(const Call& call) {
  return change(call, [&]() -> Reply<RegionAction> {
    const auto incident = messages::read_incident(call.request.body);
    if (!incident) {
      return tl::unexpected(invalid("the body is wrong: " + incident.error()));
    }
    return *incident;
  });
}

Answer Incidents::lift(const Call& call) {
  return change(call, [] { return Reply<RegionAction>(LiftIncident{}); });
}

/// Terms and path are looked at first, then what is asked for.
template <typename ReadAction>
Answer Incidents::change(const Call& call, ReadAction read_action) {
  const auto terms = read_write_terms(call, WriteTarget::fleet);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto region = read_region(catalogue_, call);
  if (!region) {
    return tl::unexpected(region.error());
  }
  const Reply<RegionAction> action = read_action();
  return action ? submit(call, *terms, *region, *action) : tl::unexpected(action.error());
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
    return read_model::list_incidents(tx, region, 1, number, std::nullopt);
  });
  if (!found) {
    return tl::unexpected(found.error());
  }
  return found->empty() ? std::nullopt : std::optional(std::move(found->front()));
}

}  // namespace vsim::api
