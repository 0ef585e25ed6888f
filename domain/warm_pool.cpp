#include "domain/warm_pool.h"

#include <algorithm>
#include <utility>

#include "domain/invariant.h"

namespace vsim {
namespace {

WarmPoolEvent next_event(const WarmPool& pool, const CommandSummary& command,
                         WarmPoolEventData data, Instant now) {
  invariant(command.warm_pool.has_value(), "a warm pool's command names it");
  return {{.version = pool.version + 1,
           .at = std::max(now, pool.at),
           .cause = command.cause,
           .origin = command.origin,
           .data = std::move(data)},
          *command.warm_pool};
}

using WarmPoolRuling = std::variant<WarmPoolEventData, Rejection>;

struct DecideWarmPool {
  const WarmPool& pool;
  const WarmPoolId& id;
  const Catalogue& catalogue;

  WarmPoolRuling operator()(const SetWarmPool& set) const {
    const auto& terms = set.terms;
    if (!catalogue.regions.contains(terms.region)) {
      return Rejection{RejectionCode::unknown_region,
                       "there is no region " + terms.region.name + "; GET /regions lists them"};
    }
    if (!catalogue.instance_types.contains(terms.instance_type)) {
      return Rejection{
          RejectionCode::unknown_type,
          "there is no instance type " + terms.instance_type + "; GET /types lists them"};
    }
    const auto& wanted = terms.profile ? *terms.profile : catalogue.default_profile;
    const auto profile = catalogue.profiles.find(wanted);
    if (profile == catalogue.profiles.end()) {
      return Rejection{RejectionCode::unknown_profile, "there is no profile " + wanted};
    }
    if (profile->second.create_ends_in != Status::running) {
      return Rejection{RejectionCode::invalid_transition,
                       "servers of profile " + wanted +
                           " do not run after their create, so no "
                           "pool of them would ever be ready; name another profile"};
    }
    if (pool.terms && pool.terms->region != terms.region) {
      return Rejection{RejectionCode::invalid_transition,
                       "the pool " + id.name + " is in " + pool.terms->region.name +
                           ", also after a drain; make another one, with another name, for " +
                           terms.region.name};
    }
    return WarmPoolEventData(WarmPoolSet{terms});
  }
  WarmPoolRuling operator()(const DrainWarmPool&) const {
    if (!pool.terms) {
      return Rejection{RejectionCode::not_found, "there is no warm pool " + id.name};
    }
    return WarmPoolEventData(WarmPoolDraining{});
  }
};

}  // namespace

CommandSummary summary_of(const WarmPoolCommand& command) {
  return {.region = std::nullopt,
          .server = std::nullopt,
          .cause = cause_of(command),
          .origin = command.origin,
          .warm_pool = command.pool};
}

bool is_warm_pool_name(std::string_view text) {
  constexpr std::size_t characters_max = 40;
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !text.empty() && text.size() <= characters_max && text.front() != '-' &&
         text.back() != '-' && text.find_first_not_of(allowed) == std::string_view::npos;
}

std::uint32_t least_held(const WarmPoolTerms& terms) {
  return std::min(std::max(terms.replenish_below, 1U), terms.target);
}

std::optional<std::string> out_of_range(const WarmPoolTerms& terms) {
  if (terms.target > warm_pool_target_max) {
    return "\"target\" must be 0 to " + std::to_string(warm_pool_target_max);
  }
  if (terms.replenish_below > terms.target) {
    return "\"replenish_below\" must not be above \"target\"";
  }
  if (terms.warming_max < 1 || terms.warming_max > warm_pool_target_max) {
    return "\"warming_max\" must be 1 to " + std::to_string(warm_pool_target_max);
  }
  return std::nullopt;
}

Decision<WarmPoolEvent> decide(const WarmPool& pool, const WarmPoolCommand& command, Instant now,
                               const Catalogue& catalogue) {
  if (auto past = verdict_of_the_past(pool.last_command, command)) {
    return {{}, std::move(*past)};
  }
  const auto summary = summary_of(command);
  auto ruling = std::visit(DecideWarmPool{pool, command.pool, catalogue}, command.action);
  if (auto* rejection = std::get_if<Rejection>(&ruling)) {
    return {{next_event(pool, summary, CommandRejected{*rejection}, now)}, *rejection};
  }
  auto data = std::get<WarmPoolEventData>(std::move(ruling));
  return {{next_event(pool, summary, std::move(data), now)}, Succeeded{}};
}

std::optional<WarmPoolEvent> decide_outcome(const WarmPool& pool, const CommandSummary& command,
                                            NoChange outcome, Instant now) {
  if (has_outcome(pool.last_command, command.cause)) {
    return std::nullopt;
  }
  return next_event(pool, command, data_of<WarmPoolEventData>(std::move(outcome)), now);
}

WarmPool evolve(WarmPool pool, const WarmPoolEvent& event) {
  pool.version = event.version;
  pool.at = event.at;
  if (!is_no_change(event.data)) {
    pool.last_change = {event.version, event.at};
  }
  if (const auto* set = std::get_if<WarmPoolSet>(&event.data)) {
    if (!pool.terms || pool.draining) {
      pool.created_at = event.at;
    }
    pool.terms = set->terms;
    pool.draining = false;
  } else if (std::holds_alternative<WarmPoolDraining>(event.data)) {
    pool.draining = true;
  }
  record_command(pool.last_command, event);
  return pool;
}

}  // namespace vsim
