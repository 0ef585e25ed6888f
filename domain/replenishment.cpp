#include "domain/replenishment.h"

#include <algorithm>
#include <initializer_list>

namespace vsim {
namespace {

using Stage = WarmCensus::Stage;

std::size_t count(const WarmCensus& census, Stage stage) {
  return static_cast<std::size_t>(
      std::count_if(census.servers.begin(), census.servers.end(),
                    [&](const auto& one) { return one.second == stage; }));
}

// Numbers of servers in these stages, the newest first, `most` of them.
void take_newest(const WarmCensus& census, std::initializer_list<Stage> stages, std::size_t most,
                 std::vector<std::uint64_t>& to) {
  for (auto one = census.servers.rbegin(); one != census.servers.rend() && most > 0; ++one) {
    if (std::find(stages.begin(), stages.end(), one->second) != stages.end()) {
      to.push_back(one->first);
      --most;
    }
  }
}

}  // namespace

std::optional<Stage> stage_of(const WarmCondition& condition) {
  if (condition.is_assigned) {
    return std::nullopt;
  }
  switch (condition.status) {
    // Without a deadline it hangs, until an operator comes.
    case Status::pending:
      return condition.has_end ? Stage::warming : Stage::failed;
    case Status::rebooting:
      return condition.has_end ? Stage::resetting : Stage::failed;
    case Status::running:
      if (condition.is_interrupted) {
        return Stage::failed;
      }
      return condition.is_impaired ? Stage::impaired : Stage::ready;
    case Status::stopping:
    case Status::stopped:
    case Status::failed:
      return Stage::failed;
    case Status::terminating:
    case Status::terminated:
      break;
  }
  return std::nullopt;
}

std::optional<Stage> stage_of(const Server& server) {
  return stage_of(WarmCondition{.status = server.status,
                                .is_assigned = server.assignment.has_value(),
                                .is_impaired = server.health != Health::ok,
                                .is_interrupted = server.interruption_at.has_value(),
                                .has_end = foreseeable_deadline(server) != nullptr});
}

bool is_birth(const EventData& data) {
  return std::holds_alternative<ServerProvisioning>(data) ||
         std::holds_alternative<ServerProvisioned>(data);
}

bool is_provision(const EventData& data, const Server& after) {
  const auto* started = std::get_if<ServerStarted>(&data);
  const bool runs = std::holds_alternative<ServerProvisioned>(data) ||
                    (started != nullptr && started->from == Status::pending);
  return runs && !after.assignment && after.status == Status::running;
}

bool is_failed_provision(const EventData& data, const Server& after) {
  if (after.assignment) {
    return false;
  }
  if (const auto* ended = std::get_if<ServerTerminated>(&data)) {
    return ended->reason == TerminationReason::launch_failure;
  }
  if (std::holds_alternative<ServerProvisioning>(data)) {
    return stage_of(after) == Stage::failed;  // it hangs
  }
  const auto* failed = std::get_if<ServerFailed>(&data);
  return failed != nullptr && failed->from == Status::pending;
}

bool is_loss(std::optional<Stage> before, const EventData& data, const Server& after) {
  if (after.assignment) {
    return false;
  }
  if (const auto* ended = std::get_if<ServerTerminated>(&data)) {
    return before != Stage::failed && (ended->reason == TerminationReason::launch_failure ||
                                       ended->reason == TerminationReason::interruption);
  }
  return before != Stage::failed && stage_of(after) == Stage::failed;
}

void WarmCensus::seen(std::uint64_t number) {
  const auto first_open = number > open_numbers_max ? number - open_numbers_max : 1;
  for (auto between = std::max(highest + 1, first_open); between < number; ++between) {
    open.insert(between);
  }
  highest = std::max(highest, number);
  open.erase(number);
}

bool is_filling(const WarmPool& pool, const WarmCensus& census, bool was_filling) {
  if (!pool.terms || pool.draining) {
    return true;  // when it is ordered
  }
  const auto living = census.servers.size() - count(census, Stage::failed);
  const auto there = living + census.open.size();
  return living < pool.terms->target && (was_filling || there < least_held(*pool.terms));
}

Replenishment replenish(const WarmPool& pool, const WarmCensus& census, bool filling) {
  Replenishment wanted;
  take_newest(census, {Stage::failed}, census.servers.size(), wanted.retire);
  if (!pool.terms) {
    return wanted;
  }
  const auto target = pool.draining ? std::size_t{0} : pool.terms->target;
  const auto coming = count(census, Stage::warming) + census.open.size();
  const auto there = census.servers.size() - wanted.retire.size() + census.open.size();
  if (!pool.draining) {
    // Those in the queue are asked for again, under the same ids: their creates may not have got
    // there.
    wanted.create.assign(census.open.begin(), census.open.end());
  }
  if (there > target) {
    const auto retired = wanted.retire.size() + there - target;
    using Stages = std::initializer_list<Stage>;
    for (const auto stages : {Stages{Stage::impaired}, Stages{Stage::warming},
                              Stages{Stage::ready, Stage::resetting}}) {
      take_newest(census, stages, retired - wanted.retire.size(), wanted.retire);
    }
    return wanted;
  }
  if (pool.draining || !filling) {
    return wanted;
  }
  const auto places = pool.terms->warming_max > coming ? pool.terms->warming_max - coming : 0;
  const auto oldest = census.open.empty() ? census.highest + 1 : *census.open.begin();
  const auto end = oldest + open_numbers_max;
  auto number = census.highest + 1;
  for (auto left = std::min<std::size_t>(target - there, places); left > 0 && number < end;
       --left) {
    wanted.create.push_back(number++);
  }
  return wanted;
}

}  // namespace vsim
