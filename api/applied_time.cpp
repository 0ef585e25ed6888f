#include "api/applied_time.h"

#include <algorithm>
#include <thread>

#include "api/polling.h"
#include "ops/process/clock_of_log.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;

constexpr int moments_max = 5;
constexpr auto watch_pause = 500ms;
constexpr auto passing_wait_max = 1s;

struct Waiting {
  StreamSequence sequence = 0;
  WallTime stored_at;
};

/// The oldest command in the queue that may change a server, as an incident does; pools and the
/// clock cost nothing.
eventstore::Result<std::optional<Waiting>> find_oldest(eventstore::EventStore& queue) {
  const std::string all = std::string(messages::command_prefix) + ">";
  StreamSequence from = 1;
  while (true) {
    const auto next = queue.load_next(all, from);
    if (!next) {
      return tl::unexpected(next.error());
    }
    if (!*next) {
      return std::optional<Waiting>();
    }
    const auto target = messages::parse_command_subject((*next)->subject);
    using enum messages::CommandTarget::Kind;
    if (!target || target->kind == server || target->kind == region) {
      return std::optional(Waiting{(*next)->sequence, (*next)->stored_at});
    }
    from = (*next)->sequence + 1;
  }
}

}  // namespace

/// A reading of the clock during which nobody changed it.
struct AppliedTime::Moment {
  Instant now;
  WallTime wall;  // the same, as the broker has it
  SimulatedTime time;
};

/// The queue as it was at some moment, and where the log ended after that.
struct AppliedTime::QueueLook {
  std::optional<Waiting> oldest;
  Instant bound;  // no command that waited then is decided at an earlier time
  StreamSequence log_end = 0;
};

AppliedTime::AppliedTime(eventstore::EventStore& queue, eventstore::EventStore& events,
                         LogFacts log_facts, ReadSide& read_side, SimulatedClock& clock,
                         const eventstore::BrokerClock& wall, std::function<bool()> stopping)
    : queue_(queue),
      events_(events),
      log_facts_(std::move(log_facts)),
      read_side_(read_side),
      clock_(clock),
      wall_(wall),
      stopping_(std::move(stopping)) {}

std::optional<SimClock> AppliedTime::read_clock() {
  auto clock = process::load_clock(events_);
  return clock ? std::move(*clock) : std::nullopt;
}

/// Waits until all that enters the queue bears a later stamp, however the clocks differ. A change
/// of the clock meanwhile may have been before that moment: then it takes another.
std::optional<AppliedTime::Moment> AppliedTime::take_moment() {
  if (!wall_.trouble().empty()) {
    return std::nullopt;
  }
  auto clock = read_clock();
  for (int i = 0; clock && i < moments_max; ++i) {
    const WallTime wall = wall_.now();
    const Instant now = simulated_at(*clock, wall);
    if (!wait_until_passed(wall)) {
      return std::nullopt;
    }
    auto after = read_clock();
    if (after && after->time == clock->time) {
      return Moment{now, wall, clock->time};
    }
    clock = std::move(after);
  }
  return std::nullopt;
}

/// Waits until the broker's own time is certainly past `wall`. Measured by the same clock, which
/// stands still after it has shown too late a time; false when it stands for too long.
bool AppliedTime::wait_until_passed(WallTime wall) const {
  const auto uncertain_before = wall_.status().uncertainty;
  const auto give_up = Steady::now() + passing_wait_max;
  while (Steady::now() < give_up) {
    const auto uncertain = std::max(uncertain_before, wall_.status().uncertainty);
    const auto wanted = wall + std::max<std::chrono::nanoseconds>(late_stamp_min, uncertain);
    const auto left = wanted - wall_.now();
    if (left.count() <= 0) {
      return true;
    }
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, late_stamp_min));
  }
  return false;
}

/// The queue first: a command leaves it when its outcome is in the log.
std::optional<AppliedTime::QueueLook> AppliedTime::look_at_queue(const Moment& moment) {
  const auto oldest = find_oldest(queue_);
  if (!oldest) {
    return std::nullopt;
  }
  const auto log = log_facts_();
  // A broker whose clock was set back a moment ago would stamp what comes now before the moment.
  if (!log || log->answered_at < moment.wall) {
    return std::nullopt;
  }
  QueueLook look{*oldest, Instant::max(), log->last_sequence};
  if (*oldest) {
    // It may have been decided on the clock as it was before its last change.
    const bool same_clock = (*oldest)->stored_at >= moment.time.stored_at;
    look.bound = same_clock ? simulated_at(moment.time, (*oldest)->stored_at) : Instant::min();
  }
  return look;
}

Reply<Reach> AppliedTime::reach(std::optional<Instant> asked, std::chrono::milliseconds patience) {
  const auto deadline = Steady::now() + patience;
  const auto moment = take_moment();
  if (!moment) {
    return reach_without_broker();
  }
  const Instant wanted = std::min(asked.value_or(moment->now), moment->now);
  Backoff backoff(5ms, 100ms);
  std::optional<QueueLook> look;
  while (true) {
    if (!look || look->bound < wanted) {
      look = look_at_queue(*moment);
    }
    const auto progress = read_side_.read(read_model::find_progress);
    if (!progress) {
      return tl::unexpected(progress.error());
    }
    const Reach reach = judge(*moment, look, *progress);
    const bool done = reach.final_until && *reach.final_until >= wanted;
    if (done || !look || Steady::now() >= deadline || stopping_()) {
      return reach;
    }
    if (one_is_gone(*look, *progress)) {
      look.reset();  // or it is one that came after the look
    }
    std::this_thread::sleep_for(backoff.next());
  }
}

Reply<Reach> AppliedTime::reach_without_broker() {
  const auto progress = read_side_.read(read_model::find_progress);
  if (!progress) {
    return tl::unexpected(progress.error());
  }
  return judge({clock_.now(), {}, {}}, std::nullopt, *progress);
}

Reach AppliedTime::judge(const Moment& moment, const std::optional<QueueLook>& look,
                         const read_model::Progress& progress) {
  const Instant due = std::min(moment.now, progress.earliest_due.value_or(moment.now));
  if (!look || progress.sequence < look->log_end) {
    // At least what the timekeeper has said, as far as that can be read.
    const auto until = proven(progress);
    const Instant said = std::min(due, progress.deadlines_applied.value_or(due));
    return {std::max(said, until.value_or(said)), until, progress.sequence};
  }
  const Instant until = std::min(due, look->bound);
  if (!one_is_gone(*look, progress) && until > Instant::min()) {
    const std::lock_guard lock(mutex_);
    if (!final_until_ || *final_until_ < until) {
      final_until_ = until;
      final_sequence_ = progress.sequence;
    }
  }
  const auto final_until = proven(progress);
  return {std::max(due, final_until.value_or(due)), final_until, progress.sequence};
}

/// A command that is neither in the queue nor in the log was purged by an operator: a worker that
/// holds it may still append its outcome before the verdict.
bool AppliedTime::one_is_gone(const QueueLook& look, const read_model::Progress& progress) {
  return progress.oldest_pending > 0 &&
         (!look.oldest || progress.oldest_pending < look.oldest->sequence);
}

/// Nothing while the read models are being rebuilt and have not come as far as when it was proven.
std::optional<Instant> AppliedTime::proven(const read_model::Progress& progress) {
  const std::lock_guard lock(mutex_);
  return progress.sequence >= final_sequence_ ? final_until_ : std::nullopt;
}

/// Zero on a clock that all but stands still: there figures are exact.
Duration AppliedTime::live_lag_allowed() const {
  const double kept = static_cast<double>(live_look_kept.count()) * clock_.scale();
  return std::min(live_lag_max, Duration(static_cast<std::int64_t>(kept)));
}

Instant AppliedTime::live_now() {
  const Instant now = clock_.now();
  const Duration lag_allowed = live_lag_allowed();
  std::unique_lock lock(live_mutex_);
  if (!live_ || now - *live_ > lag_allowed) {
    const auto wanted = looks_begun_ + 1;  // one that begins from here on
    const auto give_up = Steady::now() + live_wait_max;
    live_wanted_ = true;
    live_changed_.notify_all();
    const auto is_stuck = [&] {
      return looks_done_ < looks_begun_ && Steady::now() - look_began_at_ > live_wait_max;
    };
    while (looks_done_ < wanted && !is_stuck() &&
           live_changed_.wait_until(lock, give_up) != std::cv_status::timeout) {
    }
  }
  return std::min(now, live_.value_or(Instant::min()));
}

void AppliedTime::look_for_live() {
  const auto found = reach(std::nullopt, live_patience);
  if (!found) {
    return;  // without the read models there is nothing to show
  }
  const std::lock_guard lock(live_mutex_);
  const bool goes_on = live_ && found->projected >= live_sequence_;
  live_ = goes_on ? std::max(*live_, found->applied) : found->applied;
  live_sequence_ = found->projected;
}

void AppliedTime::watch(const std::stop_token& stop) {
  std::unique_lock lock(live_mutex_);
  while (!stop.stop_requested()) {
    live_changed_.wait_for(lock, stop, watch_pause, [&] { return live_wanted_; });
    live_wanted_ = false;
    if (stop.stop_requested() || !clock_.known()) {
      continue;
    }
    const auto look = ++looks_begun_;
    look_began_at_ = Steady::now();
    lock.unlock();
    look_for_live();
    lock.lock();
    looks_done_ = look;
    live_changed_.notify_all();
  }
}

}  // namespace vsim::api
