#pragma once

// The judgements of `vsimctl doctor`: the limits, and the text beyond them. Pure; any thread.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/queue_numbers.h"
#include "ops/telemetry/durability.h"

namespace vsim::vsimctl {

enum class Verdict : std::uint8_t { ok, warning, bad };

struct Finding {
  Verdict verdict = Verdict::ok;
  std::string subject;       // a word or two
  std::string text;          // what was seen, and what it means where it is not well
  std::string runbook = {};  // the heading in ops/runbook.md; empty when all is well
  bool operator==(const Finding&) const = default;
};

/// A finding that is well, or bad: then `runbook` is the heading of what to do.
Finding found_well(std::string_view subject, std::string text);
Finding found_bad(std::string_view subject, std::string text, std::string runbook);

using Seconds = std::chrono::duration<double>;

inline constexpr std::uint64_t queue_warning = 50;  // commands above it, as the alerts have it
inline constexpr std::uint64_t queue_bad = 100;
inline constexpr Seconds oldest_warning{60};  // twice the ack wait: two workers died with it
inline constexpr Seconds oldest_bad{600};
inline constexpr Seconds advisory_news{86'400};
inline constexpr Seconds lag_warning{30};
inline constexpr Seconds lag_bad{300};
inline constexpr double pool_free_warning = 0.5;  // shares below it
inline constexpr double pool_free_bad = 0.2;
inline constexpr double warm_pool_warning =
    0.5;  // ready of what is to be there at the least, likewise
inline constexpr double warm_pool_bad = 0.2;
inline constexpr double store_warning = 0.8;  // shares above it
inline constexpr double store_bad = 0.95;
inline constexpr Seconds clock_offset_warning{2};
inline constexpr Seconds clock_uncertainty_warning{0.05};
inline constexpr Seconds clock_uncertainty_bad{0.5};  // beyond it a process decides nothing
inline constexpr Seconds billing_stalled{600};

Finding judge_broker_health(std::string_view trouble);  // as its monitor tells; empty: well
/// How the broker syncs, nothing: not known; and whether Postgres does. Less than `chosen`
/// (nothing: power) is a warning.
Finding judge_sync(std::optional<telemetry::Durability> chosen,
                   const std::optional<telemetry::LogSync>& sync);
Finding judge_fsync(std::optional<telemetry::Durability> chosen, bool on);
Finding judge_consumer(bool paused, std::string_view until);
Finding judge_workers(std::uint64_t pulls_waiting, std::uint64_t in_hand, bool paused);
Finding judge_queue(std::uint64_t commands);
Finding judge_numbers(const QueueNumbers& numbers);
Finding judge_oldest(Seconds age);
Finding judge_deliveries(std::uint64_t redelivered);
Finding judge_dead_letters(std::uint64_t letters);
Finding judge_advisories(std::uint64_t advisories, Seconds newest_age);
/// Without `bytes_max` the limit is not known.
Finding judge_store(std::uint64_t bytes, std::optional<std::uint64_t> bytes_max);
/// `offset` is how far the process's clock is ahead of the broker's; `uncertainty`, how exactly the
/// process knows the broker's.
Finding judge_clock(std::string_view process, Seconds offset, Seconds uncertainty);
/// When no process reports its clock: `forbidden` if the broker has denied vsimctl something,
/// `workers_wait` if workers wait for commands, and so are known to run.
Finding judge_silence(bool forbidden, bool workers_wait);
/// What GET /readyz was answered: its status, and the reasons in it.
Finding judge_api(std::string_view url, int status, std::string_view reasons);
/// No API is named, so none is asked.
Finding api_not_named();
Finding judge_hole(std::uint64_t sequence);  // of EVENTS, which cannot be read
Finding judge_lost(std::uint64_t messages);  // of EVENTS, that the broker counts no more
Finding judge_lag(std::uint64_t events, Seconds oldest_age);
Finding judge_incident(std::string_view region, bool is_in_force, std::string_view since);
Finding judge_pool(std::string_view region, std::uint64_t free, std::uint64_t all);
/// `target` of a pool that is being drained: 0.
/// `least`: what it is to have at the least.
Finding judge_warm_pool(std::string_view pool, std::uint64_t ready, std::uint64_t least);
/// `age` is in simulated seconds; `scale` of them pass in a real one.
Finding judge_billing(std::string_view region, Seconds age, double scale, Seconds interval);
/// Rules in force by which the API answers callers badly on purpose, and since when by whom.
Finding judge_faults(std::size_t rules, std::string_view since, std::string_view by);
Finding judge_deadlines(std::uint64_t overdue);
Finding judge_idle(std::uint64_t overdue);

}  // namespace vsim::vsimctl
