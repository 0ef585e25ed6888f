#include "workers/replenisher.h"

#include <algorithm>
#include <utility>

#include "domain/account.h"
#include "ops/process/pause.h"
#include "ops/telemetry/log.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"
#include "workers/gone_numbers.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using eventstore::Error;
using eventstore::PublishError;
using eventstore::Result;
using std::chrono::steady_clock;

using Numbers = std::vector<std::uint64_t>;

constexpr auto looks_min = 20ms;  // between two looks, so that under load one sees many changes
constexpr auto look_max = 500ms;  // where there are pools: pauses end, commands get lost
constexpr auto sleep_max = 5s;    // where there are none

/// How long what waits may stay the same in a pause, before one that stands by helps: the active
/// one tries once in Patience::pause_max.
constexpr auto stalled_in_pause = 75s;
constexpr std::chrono::milliseconds again_first = 5s;
constexpr std::chrono::milliseconds again_max = 60s;
constexpr std::chrono::milliseconds look_first = 500ms;
constexpr std::chrono::milliseconds look_again_max = 8s;

constexpr std::uint64_t ahead_first = 64;  // numbers that others may have asked for
constexpr std::uint64_t ahead_max = 1'000;

Create create_of(const WarmPoolId& pool, const WarmPoolTerms& terms, std::uint64_t number) {
  return {.name = pool.name + "-" + std::to_string(number),
          .instance_type = terms.instance_type,
          .profile = terms.profile,
          .tags = terms.tags,
          .idle_timeout = {},
          .lease = {},
          .warm = WarmPlace{pool.name, number, terms.on_release}};
}

Patience::Standing standing_of(const KnownWarmPool& known, std::uint64_t number) {
  if (known.assigned.contains(number)) {
    return Patience::Standing::taken;
  }
  const auto server = known.census.servers.find(number);
  const bool is_ready =
      server != known.census.servers.end() && server->second == WarmCensus::Stage::ready;
  return is_ready ? Patience::Standing::ready : Patience::Standing::gone;
}

}  // namespace

Replenisher::Replenisher(eventstore::EventStore& store, FleetView& view,
                         const eventstore::CommandPublisher& publisher, Standby::IsActive is_active)
    : store_(store), view_(view), publisher_(publisher), standby_(std::move(is_active)) {}

void Replenisher::run(std::stop_token stop) {
  if (!view_.wait_until_ready(stop)) {
    return;
  }
  std::uint64_t known = 0;
  while (!stop.stop_requested()) {
    if (const auto looked = look(stop); !looked) {
      log::warn("warm pools have to wait", {{"reason", looked.error().detail}});
      process::pause(stop, 1s);
    }
    process::pause(stop, looks_min);
    const auto wait_max = work_.empty() ? std::chrono::milliseconds(sleep_max) : look_max;
    known = view_.wait_for_warm_change(stop, known, wait_max);
  }
}

Result<void> Replenisher::look(const std::stop_token& stop) {
  const auto pools = view_.warm_pools();
  know(pools);
  if (pools.empty()) {
    return {};  // nor is it asked who is active, which takes a session with Postgres
  }
  const auto all = wanted(pools);
  if (!must_act(all)) {
    helped_ = false;
    return {};
  }
  const bool begins_to_help = standby_.helps() && !helped_;
  if (begins_to_help) {
    const auto done = is_done_by_active(all, pools, stop);
    if (!done) {
      return tl::unexpected(done.error());
    }
    if (*done) {
      standby_.sees_work();
      return {};
    }
  }
  helped_ = standby_.helps();
  return tend_all(all, pools, stop);
}

void Replenisher::know(const KnownWarmPools& pools) {
  std::erase_if(work_, [&](const auto& work) { return !pools.contains(work.first); });
  for (const auto& [id, known] : pools) {
    take_in(work_[id], known, steady_clock::now());
  }
}

Result<void> Replenisher::tend_all(const std::vector<Wanted>& all, const KnownWarmPools& pools,
                                   const std::stop_token& stop) {
  Result<void> result;
  for (const auto& each : all) {
    if (stop.stop_requested()) {
      break;
    }
    const auto tended = tend(each.id, pools.at(each.id), stop);
    if (!tended && result) {
      result = tended;
    }
  }
  return result;
}

std::vector<Replenisher::Wanted> Replenisher::wanted(const KnownWarmPools& pools) const {
  std::vector<Wanted> all;
  for (const auto& [id, known] : pools) {
    auto what = replenish(known.pool, known.census, work_.at(id).filling);
    if (!what.create.empty() || !what.retire.empty()) {
      all.push_back({id, std::move(what)});
    }
  }
  return all;
}

// What is wanted first stands for what waits: as long as the active one works, it changes, though
// in a pause as seldom as that one tries.
bool Replenisher::must_act(const std::vector<Wanted>& all) {
  std::optional<Instant> oldest;
  auto stalled_min = Standby::stalled_usually;
  if (!all.empty()) {
    const auto& what = all.front().what;
    const auto number = what.create.empty() ? what.retire.front() : what.create.front();
    oldest = Instant(Duration(static_cast<std::int64_t>(number)));
    if (work_.at(all.front().id).patience.is_paused()) {
      stalled_min = stalled_in_pause;
    }
  }
  return standby_.must_act(oldest, steady_clock::now(), stalled_min);
}

// Numbers that were refused leave nothing that the view would see, so the log is asked before one
// that stands by takes the active one to be stuck.
Result<bool> Replenisher::is_done_by_active(const std::vector<Wanted>& all,
                                            const KnownWarmPools& pools,
                                            const std::stop_token& stop) {
  bool done = false;
  for (const auto& each : all) {
    auto& work = work_[each.id];
    work.looked_back = false;
    const auto moved = look_for_gone(each.id, work, pools.at(each.id), stop);
    if (!moved) {
      return tl::unexpected(moved.error());
    }
    done = done || *moved;
  }
  return done;
}

Result<void> Replenisher::tend(const WarmPoolId& id, const KnownWarmPool& known,
                               const std::stop_token& stop) {
  auto& work = work_[id];
  const auto moved = look_for_gone(id, work, known, stop);
  if (!moved) {
    return tl::unexpected(moved.error());
  }
  if (*moved) {
    return {};  // the next look knows better what is wanted
  }
  const auto what = replenish(known.pool, known.census, work.filling);
  if (auto ok = create(id, work, known, what.create, stop); !ok) {
    return ok;
  }
  return retire(id, work, known, what.retire, stop);
}

// What the view has come to know meanwhile.
void Replenisher::take_in(Work& work, const KnownWarmPool& known, Time now) {
  const auto& census = known.census;
  std::erase_if(work.asked, [&](const auto& asked) {
    return asked.first <= census.highest && !census.open.contains(asked.first);
  });
  std::erase_if(work.retired,
                [&](const auto& retired) { return !known.versions.contains(retired.first); });
  const bool is_ordered_anew = known.pool.last_change.version != work.ordered;
  work.ordered = known.pool.last_change.version;
  work.filling = is_filling(known.pool, census, work.filling || is_ordered_anew);
  if (known.lost > work.lost) {
    work.patience.went_wrong(known.last_lost, highest_of(work, known), now);
  }
  if (known.provisioned > work.provisioned) {
    work.patience.came_to_run(known.last_provisioned, now);
  }
  work.lost = known.lost;
  work.provisioned = known.provisioned;
  if (const auto trial = work.patience.on_trial()) {
    work.patience.judge(standing_of(known, *trial), now);
  }
}

std::uint64_t Replenisher::highest_of(const Work& work, const KnownWarmPool& known) {
  const auto& highest = known.census.highest;
  return work.asked.empty() ? highest : std::max(highest, work.asked.rbegin()->first);
}

// Numbers to be looked for in the log: creates that were refused, purged or buried leave no server,
// whose events the view would know; and of servers that had ended before this process began it has
// never known.
Numbers Replenisher::doubtful(Work& work, const KnownWarmPool& known, Time now) const {
  Numbers numbers;
  for (const auto number : known.census.open) {
    if (!work.asked.contains(number)) {
      numbers.push_back(number);
    }
  }
  for (auto& [number, asked] : work.asked) {
    if (now >= asked.look_at) {
      numbers.push_back(number);
      asked.look_again = std::clamp(asked.look_again * 2, look_first, look_again_max);
      asked.look_at = now + asked.look_again;
    }
  }
  return numbers;
}

// True: the view knows of more now. Where one is gone others may be beyond the highest number that
// it knows: of a process before this one, or of the replenisher that was active.
Result<bool> Replenisher::look_for_gone(const WarmPoolId& id, Work& work,
                                        const KnownWarmPool& known, const std::stop_token& stop) {
  const auto now = steady_clock::now();
  const auto numbers = doubtful(work, known, now);
  if (numbers.empty() && work.looked_back) {
    return false;
  }
  auto gone = numbers.empty() ? Result<Numbers>(Numbers()) : find_gone(store_, id, numbers);
  if (!gone) {
    return tl::unexpected(gone.error());
  }
  bool moved = !gone->empty();
  auto highest = known.census.highest;
  auto ahead_at_once = ahead_first;
  std::uint64_t refused = 0;  // the last of them
  for (const auto number : *gone) {
    refused = work.asked.contains(number) ? std::max(refused, number) : refused;
  }
  while ((moved || !work.looked_back) && !stop.stop_requested()) {
    view_.are_gone(id, *gone);
    for (const auto number : *gone) {
      highest = std::max(highest, number);
    }
    Numbers ahead;
    for (std::uint64_t number = highest + 1; number <= highest + ahead_at_once; ++number) {
      ahead.push_back(number);
    }
    gone = find_gone(store_, id, ahead);
    if (!gone) {
      return tl::unexpected(gone.error());
    }
    if (gone->empty()) {
      work.looked_back = true;
      break;
    }
    ahead_at_once = ahead_max;
    refused = std::max(refused, *std::max_element(gone->begin(), gone->end()));
    moved = true;
  }
  if (refused > 0) {
    work.patience.went_wrong(refused, std::max(highest, highest_of(work, known)), now);
  }
  return moved;
}

Result<void> Replenisher::create(const WarmPoolId& id, Work& work, const KnownWarmPool& known,
                                 const Numbers& numbers, const std::stop_token& stop) {
  const auto now = steady_clock::now();
  const auto is_new = [&](std::uint64_t number) { return !work.asked.contains(number); };
  const auto fresh =
      static_cast<std::size_t>(std::count_if(numbers.begin(), numbers.end(), is_new));
  auto left = work.patience.allowed(fresh, now);
  work.patience.asked(left, now);
  const auto& terms = *known.pool.terms;
  for (const auto number : numbers) {
    auto asked = work.asked.find(number);
    const bool is_first = asked == work.asked.end();
    if (is_first ? left == 0 : now < asked->second.sent + asked->second.again) {
      continue;
    }
    if (stop.stop_requested()) {
      break;
    }
    const auto command = messages::command_id_of_warm_create(id, number);
    const auto subject = messages::server_command(terms.region, server_of_number(id, number));
    if (auto ok = publish(subject, messages::encode_action(create_of(id, terms, number)), command,
                          beside_owner(id.account, default_account));
        !ok) {
      return ok;
    }
    if (is_first) {
      --left;
      asked = work.asked.emplace(number, Asked{}).first;
      asked->second.look_at = now + look_first;
    }
    asked->second.sent = now;
    asked->second.again = std::clamp(asked->second.again * 2, again_first, again_max);
  }
  return {};
}

// A retirement's id is that of the server as it is: one that was refused, since somebody had the
// server, does not stand in the way of a later one.
Result<void> Replenisher::retire(const WarmPoolId& id, Work& work, const KnownWarmPool& known,
                                 const Numbers& numbers, const std::stop_token& stop) {
  const auto now = steady_clock::now();
  if (!known.pool.terms) {
    return {};
  }
  for (const auto number : numbers) {
    const auto retired = work.retired.find(number);
    if (retired != work.retired.end() && now < retired->second + again_first) {
      continue;
    }
    if (stop.stop_requested()) {
      break;
    }
    const auto server = server_of_number(id, number);
    const auto elsewhere = known.elsewhere.find(number);
    const auto& region =
        elsewhere == known.elsewhere.end() ? known.pool.terms->region : elsewhere->second;
    if (auto ok =
            publish(messages::server_command(region, server), messages::encode_action(Retire{}),
                    messages::command_id_of_retirement(server, known.versions.at(number)), "");
        !ok) {
      return ok;
    }
    work.retired.insert_or_assign(number, now);
  }
  return {};
}

// A slot that is taken is the same command's, or comes free: what is still wanted is asked again.
Result<void> Replenisher::publish(const std::string& subject, const std::string& payload,
                                  const CommandId& id, const std::string& account) {
  namespace header = messages::header;
  const auto text = id.to_string();
  eventstore::Headers headers = {{std::string(header::message_id), text},
                                 {std::string(header::command_id), text},
                                 {std::string(header::actor), "replenisher"}};
  if (!account.empty()) {
    headers.push_back({std::string(header::account), account});
  }
  const auto accepted = publisher_.publish(subject, payload, headers);
  if (accepted || accepted.error().kind == PublishError::Kind::slot_taken) {
    return {};
  }
  return eventstore::fail(Error::Kind::unavailable, accepted.error().detail);
}

}  // namespace vsim::workers
