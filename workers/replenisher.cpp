#include "workers/replenisher.h"

#include <algorithm>
#include <utility>

#include "domain/account.h"
#include "ops/process/pause.h"
#include "ops/telemetry/log.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"

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

constexpr std::chrono::milliseconds pause_first = 1s;
constexpr std::chrono::milliseconds pause_max = 60s;
constexpr std::chrono::milliseconds again_first = 5s;
constexpr std::chrono::milliseconds again_max = 60s;
constexpr std::chrono::milliseconds look_first = 500ms;
constexpr std::chrono::milliseconds look_again_max = 8s;

constexpr std::uint64_t ahead_at_once = 64;  // numbers that others may have asked for

ServerId server_of(const WarmPoolId& pool, std::uint64_t number) {
  return messages::server_id_of_create(messages::command_id_of_warm_create(pool, number));
}

Create create_of(const WarmPoolId& pool, const WarmPoolTerms& terms, std::uint64_t number) {
  return {.name = pool.name + "-" + std::to_string(number),
          .instance_type = terms.instance_type,
          .profile = terms.profile,
          .tags = terms.tags,
          .idle_timeout = {},
          .lease = {},
          .warm = WarmPlace{pool.name, number, terms.on_release}};
}

}  // namespace

void Patience::went_wrong(Time now) {
  if (now < next_) {
    return;  // one of several that were on their way together
  }
  pause_ = pause_.count() == 0 ? pause_first : std::min(pause_ * 2, pause_max);
  next_ = now + pause_;
}

std::size_t Patience::allowed(std::size_t wanted, Time now) const {
  if (pause_.count() == 0) {
    return wanted;
  }
  return now < next_ ? 0 : std::min<std::size_t>(wanted, 1);
}

void Patience::asked(std::size_t count, Time now) {
  if (count > 0 && pause_.count() > 0) {
    next_ = now + pause_;
  }
}

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
  if (pools.empty()) {
    return {};  // nor is it asked who is active, which takes a session with Postgres
  }
  const auto all = wanted(pools);
  for (const auto& [id, known] : pools) {
    take_in(work_[id], known, steady_clock::now());
  }
  if (!must_act(all)) {
    return {};
  }
  for (const auto& each : all) {
    if (stop.stop_requested()) {
      break;
    }
    if (auto ok = tend(each.id, pools.at(each.id), stop); !ok) {
      return ok;
    }
  }
  return {};
}

std::vector<Replenisher::Wanted> Replenisher::wanted(const KnownWarmPools& pools) const {
  std::vector<Wanted> all;
  for (const auto& [id, known] : pools) {
    auto what = replenish(known.pool, known.census);
    if (!what.create.empty() || !what.retire.empty()) {
      all.push_back({id, std::move(what)});
    }
  }
  return all;
}

// What is wanted first stands for what waits: as long as the active one works, it changes.
bool Replenisher::must_act(const std::vector<Wanted>& all) {
  std::optional<Instant> oldest;
  if (!all.empty()) {
    const auto& what = all.front().what;
    const auto number = what.create.empty() ? what.retire.front() : what.create.front();
    oldest = Instant(Duration(static_cast<std::int64_t>(number)));
  }
  return standby_.must_act(oldest);
}

Result<void> Replenisher::tend(const WarmPoolId& id, const KnownWarmPool& known,
                               const std::stop_token& stop) {
  auto& work = work_[id];
  const auto moved = look_for_gone(id, work, known, steady_clock::now());
  if (!moved) {
    return tl::unexpected(moved.error());
  }
  if (*moved) {
    return {};  // the next look knows better what is wanted
  }
  const auto what = replenish(known.pool, known.census);
  if (auto ok = create(id, work, known, what.create, stop); !ok) {
    return ok;
  }
  return retire(id, work, known, what.retire, stop);
}

// What the view has come to know meanwhile.
void Replenisher::take_in(Work& work, const KnownWarmPool& known, Time now) {
  std::erase_if(work.asked, [&](const auto& asked) {
    return asked.first <= known.census.highest && !known.census.open.contains(asked.first);
  });
  std::erase_if(work.retired, [&](const auto& retired) {
    const auto version = known.versions.find(retired.first);
    return version == known.versions.end() || version->second != retired.second.first;
  });
  if (known.failed > work.failed) {
    work.patience.went_wrong(now);
  }
  if (known.provisioned > work.provisioned) {
    work.patience.went_well();
  }
  work.failed = known.failed;
  work.provisioned = known.provisioned;
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

/// Of these numbers, those that are over for good: the log holds something, though no server, or
/// one that has ended. Those that live the view knows, or will.
Result<Numbers> Replenisher::find_gone(const WarmPoolId& id, const Numbers& numbers) {
  std::vector<std::string> subjects;
  std::map<ServerId, std::uint64_t> number_of;
  for (const auto number : numbers) {
    const auto server = server_of(id, number);
    number_of[server] = number;
    subjects.push_back(messages::any_events_of(server));
  }
  const auto lasts = store_.load_last(subjects);
  if (!lasts) {
    return tl::unexpected(lasts.error());
  }
  Numbers gone;
  for (const auto& message : *lasts) {
    const auto logged = messages::decode_event(message);
    const auto* event = logged ? std::get_if<messages::ServerLogged>(&*logged) : nullptr;
    const auto* server = event != nullptr && event->state.server ? &*event->state.server : nullptr;
    const bool is_over = server == nullptr || server->status == Status::terminated;
    if (event != nullptr && is_over) {
      gone.push_back(number_of[event->event.server]);
    }
  }
  return gone;
}

// True: the view knows of more now. Where one is gone others may be beyond the highest number that
// it knows: of a process before this one, or of the replenisher that was active.
Result<bool> Replenisher::look_for_gone(const WarmPoolId& id, Work& work,
                                        const KnownWarmPool& known, Time now) {
  const auto numbers = doubtful(work, known, now);
  if (numbers.empty() && work.looked_back) {
    return false;
  }
  auto gone = numbers.empty() ? Result<Numbers>(Numbers()) : find_gone(id, numbers);
  if (!gone) {
    return tl::unexpected(gone.error());
  }
  bool moved = !gone->empty();
  const auto was_refused = [&](std::uint64_t number) { return work.asked.contains(number); };
  if (std::any_of(gone->begin(), gone->end(), was_refused)) {
    work.patience.went_wrong(now);
  }
  auto highest = known.census.highest;
  while (moved || !work.looked_back) {
    view_.are_gone(id, *gone);
    for (const auto number : *gone) {
      highest = std::max(highest, number);
    }
    Numbers ahead;
    for (std::uint64_t number = highest + 1; number <= highest + ahead_at_once; ++number) {
      ahead.push_back(number);
    }
    gone = find_gone(id, ahead);
    if (!gone) {
      return tl::unexpected(gone.error());
    }
    work.looked_back = true;
    if (gone->empty()) {
      break;
    }
    moved = true;
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
    const auto subject =
        messages::server_command(terms.region, messages::server_id_of_create(command));
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
    const auto version = known.versions.at(number);
    const auto retired = work.retired.find(number);
    if (retired != work.retired.end() && now < retired->second.second + again_first) {
      continue;
    }
    if (stop.stop_requested()) {
      break;
    }
    const auto server = server_of(id, number);
    if (auto ok = publish(messages::server_command(known.pool.terms->region, server),
                          messages::encode_action(Retire{}),
                          messages::command_id_of_retirement(server, version), "");
        !ok) {
      return ok;
    }
    work.retired.insert_or_assign(number, std::pair(version, now));
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
