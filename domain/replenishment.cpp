#include "domain/replenishment.h"

#include <algorithm>

namespace vsim {
namespace {

using Stage = WarmCensus::Stage;

std::size_t count(const WarmCensus& census, Stage stage) {
  return static_cast<std::size_t>(
      std::count_if(census.servers.begin(), census.servers.end(),
                    [&](const auto& one) { return one.second == stage; }));
}

// Numbers of servers in that stage, the newest first, `most` of them.
void take_newest(const WarmCensus& census, Stage stage, std::size_t most,
                 std::vector<std::uint64_t>& to) {
  for (auto one = census.servers.rbegin(); one != census.servers.rend() && most > 0; ++one) {
    if (one->second == stage) {
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
    case Status::pending:
    case Status::rebooting:
      // Without a deadline it hangs, until an operator comes.
      return condition.has_end ? Stage::warming : Stage::failed;
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
  const auto* failed = std::get_if<ServerFailed>(&data);
  return failed != nullptr && failed->from == Status::pending;
}

void WarmCensus::seen(std::uint64_t number) {
  for (auto between = highest + 1; between < number; ++between) {
    open.insert(between);
  }
  highest = std::max(highest, number);
  open.erase(number);
}

Replenishment replenish(const WarmPool& pool, const WarmCensus& census) {
  Replenishment wanted;
  take_newest(census, Stage::failed, census.servers.size(), wanted.retire);
  if (!pool.terms) {
    return wanted;
  }
  const auto target = pool.draining ? std::size_t{0} : pool.terms->target;
  const auto ready = count(census, Stage::ready);
  const auto impaired = count(census, Stage::impaired);
  const auto warming = count(census, Stage::warming);
  const auto coming = warming + census.open.size();
  const auto there = ready + impaired + coming;
  if (!pool.draining) {
    // Those in the queue are asked for again, under the same ids: their creates may not have got
    // there.
    wanted.create.assign(census.open.begin(), census.open.end());
  }
  if (there > target) {
    const auto living = wanted.retire.size() + there - target;
    for (const auto stage : {Stage::impaired, Stage::warming, Stage::ready}) {
      take_newest(census, stage, living - wanted.retire.size(), wanted.retire);
    }
    return wanted;
  }
  if (pool.draining || there >= std::max<std::size_t>(pool.terms->replenish_below, 1)) {
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
