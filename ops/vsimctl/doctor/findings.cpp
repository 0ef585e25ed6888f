#include "ops/vsimctl/doctor/findings.h"

#include <cmath>

#include <fmt/format.h>

#include "eventstore/lost_message.h"

namespace vsim::vsimctl {

using telemetry::Durability;

namespace {

/// Bad, a warning or well, by two limits that the value is above.
template <typename Value>
Verdict above(Value value, Value warning, Value bad) {
  if (value > bad) {
    return Verdict::bad;
  }
  return value > warning ? Verdict::warning : Verdict::ok;
}

Finding judged(Verdict verdict, std::string_view subject, std::string text, std::string meaning,
               std::string_view runbook) {
  if (verdict == Verdict::ok) {
    return found_well(subject, std::move(text));
  }
  return {.verdict = verdict,
          .subject = std::string(subject),
          .text = std::move(text) + ": " + std::move(meaning),
          .runbook = std::string(runbook)};
}

std::string length_of(Seconds length) {
  const double seconds = length.count();
  if (seconds < 120) {
    return fmt::format("{:.0f} s", seconds);
  }
  if (seconds < 7200) {
    return fmt::format("{:.0f} min", seconds / 60);
  }
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string share_of(double share) { return fmt::format("{:.1f} %", share * 100); }

}  // namespace

Finding found_well(std::string_view subject, std::string text) {
  return {.verdict = Verdict::ok, .subject = std::string(subject), .text = std::move(text)};
}

Finding found_bad(std::string_view subject, std::string text, std::string runbook) {
  return {.verdict = Verdict::bad,
          .subject = std::string(subject),
          .text = std::move(text),
          .runbook = std::move(runbook)};
}

Finding judge_broker_health(std::string_view trouble) {
  if (trouble.empty()) {
    return found_well("broker's health", "it says that it is well");
  }
  return found_bad(
      "broker's health",
      fmt::format("{}: a stream whose write has failed takes nothing more until the broker is "
                  "started again; make room, then ops/up",
                  trouble),
      "Disk filling");
}

Finding judge_sync(std::optional<Durability> chosen,
                   const std::optional<telemetry::LogSync>& sync) {
  if (!sync) {
    return found_well("sync", "not told; set NATS_MONITOR_URL to see it");
  }
  if (sync->before_ack()) {
    return found_well("sync", "before each acknowledgement");
  }
  const bool as_chosen =
      chosen == Durability::process && sync->interval <= telemetry::process_sync_max;
  return judged(as_chosen ? Verdict::ok : Verdict::warning, "sync",
                fmt::format("every {}{}", to_string(*sync), as_chosen ? ", as chosen" : ""),
                "a power cut takes what was acknowledged since; set sync_interval to always",
                "After a power cut");
}

Finding judge_fsync(std::optional<Durability> chosen, bool on) {
  const bool as_chosen = chosen == Durability::process;
  const auto* text = on ? "Postgres syncs" : "Postgres does not sync";
  return judged(on || as_chosen ? Verdict::ok : Verdict::warning, "sync",
                fmt::format("{}{}", text, !on && as_chosen ? ", as chosen" : ""),
                "a power cut may damage the read models unnoticed; set fsync to on",
                "After a power cut");
}

Finding judge_consumer(bool paused, std::string_view until) {
  return judged(paused ? Verdict::warning : Verdict::ok, "consumer",
                paused ? fmt::format("commands is paused until {}", until) : "commands is at work",
                "no worker gets a command until then", "Pause and resume the workers");
}

Finding judge_workers(std::uint64_t pulls_waiting, std::uint64_t in_hand, bool paused) {
  const bool nobody = pulls_waiting == 0 && in_hand == 0 && !paused;
  return judged(nobody ? Verdict::bad : Verdict::ok, "workers",
                nobody ? "none takes commands" : fmt::format("{} commands in hand", in_hand),
                "commands are accepted and wait", "Workers down");
}

Finding judge_queue(std::uint64_t commands) {
  return judged(above(commands, queue_warning, queue_bad), "queue",
                fmt::format("{} commands", commands), "more come than are handled",
                "Queue depth growing");
}

Finding judge_numbers(const QueueNumbers& numbers) {
  const auto fault = fault_of(numbers);
  if (!fault) {
    return found_well("queue numbers", fmt::format("up to {}", numbers.last));
  }
  return found_bad("queue numbers", *fault, "Queue numbers broken");
}

Finding judge_oldest(Seconds age) {
  return judged(above(age, oldest_warning, oldest_bad), "oldest command",
                age.count() > 0 ? "waits for " + length_of(age) : "none waits",
                "its server takes no other command meanwhile", "One server stuck");
}

Finding judge_deliveries(std::uint64_t redelivered) {
  return judged(redelivered > 0 ? Verdict::warning : Verdict::ok, "deliveries",
                fmt::format("{} commands delivered more than once and not done", redelivered),
                "a worker died with them, or they kill workers", "A poison command");
}

Finding judge_dead_letters(std::uint64_t letters) {
  return judged(letters > 0 ? Verdict::warning : Verdict::ok, "dead letters",
                fmt::format("{} stored", letters), "commands that had no effect; decide on each",
                "Dead letters");
}

Finding judge_advisories(std::uint64_t advisories, Seconds newest_age) {
  if (advisories == 0) {
    return found_well("advisories", "none");
  }
  return judged(newest_age < advisory_news ? Verdict::warning : Verdict::ok, "advisories",
                fmt::format("{}, the last {} ago", advisories, length_of(newest_age)),
                "the broker gave up deliveries, or a batch was never finished", "A poison command");
}

Finding judge_store(std::uint64_t bytes, std::optional<std::uint64_t> bytes_max) {
  const double mebibytes = static_cast<double>(bytes) / (1024 * 1024);
  if (!bytes_max) {
    return found_well("store",
                      fmt::format("{:.1f} MiB; the limit is not told, set NATS_MONITOR_URL "
                                  "to see it",
                                  mebibytes));
  }
  const double share = static_cast<double>(bytes) / static_cast<double>(*bytes_max);
  return judged(above(share, store_warning, store_bad), "store",
                fmt::format("{:.1f} MiB, {} of the limit", mebibytes, share_of(share)),
                "when it is full no command is accepted", "Disk filling");
}

Finding judge_clock(std::string_view process, Seconds offset, Seconds uncertainty) {
  const auto text = fmt::format("{}: {:.3f} s {} the broker's, known within {:.4f} s", process,
                                std::abs(offset.count()),
                                offset.count() < 0 ? "behind" : "ahead of", uncertainty.count());
  const auto known = above(uncertainty, clock_uncertainty_warning, clock_uncertainty_bad);
  if (known != Verdict::ok) {
    return judged(known, "clock", text,
                  "processes differ by so much of real time, and beyond 0.5 s decide nothing",
                  "Clocks apart");
  }
  const bool apart = Seconds(std::abs(offset.count())) > clock_offset_warning;
  return judged(apart ? Verdict::warning : Verdict::ok, "clock", text,
                "vsim goes by the broker's, but log lines and certificates by the machine's",
                "Clocks apart");
}

Finding judge_silence(bool forbidden, bool workers_wait) {
  const auto silence = [](const std::string& why, const char* runbook) {
    return Finding{.verdict = Verdict::warning,
                   .subject = "clock",
                   .text = "no process tells of its clock: " + why,
                   .runbook = runbook};
  };
  if (forbidden) {
    return silence(
        "the broker forbids vsimctl to hear them; is nats-server.conf of an older build? "
        "ops/up brings the new one",
        "Rolling upgrade");
  }
  if (workers_wait) {
    return silence(
        "workers run, so the broker forbids them to tell, or they are of an older build; "
        "ops/up brings the new nats-server.conf",
        "Rolling upgrade");
  }
  return silence("none runs", "Workers down");
}

Finding judge_api(std::string_view url, int status, std::string_view reasons) {
  if (status == 200) {
    return found_well("API", fmt::format("ready at {}", url));
  }
  return found_bad("API",
                   fmt::format("not ready at {}: {}", url,
                               reasons.empty() ? fmt::format("it answers {}", status) : reasons),
                   "HTTP errors or slow answers");
}

Finding api_not_named() { return found_well("API", "not asked; set API_URL to see it"); }

Finding judge_hole(std::uint64_t sequence) {
  return found_bad("log",
                   eventstore::lost_message(sequence, "EVENTS", "later ones are there") +
                       "; the projector stops there",
                   "The log is damaged");
}

Finding judge_lost(std::uint64_t messages) {
  if (messages == 0) {
    return found_well(
        "log", "the broker counts no message of EVENTS as lost; vsimctl verify reads them all");
  }
  return found_bad(
      "log",
      fmt::format("{} messages of EVENTS are lost: the broker's store is damaged; vsimctl verify "
                  "names the first of them",
                  messages),
      "The log is damaged");
}

Finding judge_lag(std::uint64_t events, Seconds oldest_age) {
  if (events == 0) {
    return found_well("projection", "the read models hold all events");
  }
  return judged(
      above(oldest_age, lag_warning, lag_bad), "projection",
      fmt::format("{} events behind, the oldest of {} ago", events, length_of(oldest_age)),
      "reads show the past, and writes are answered late", "Projection lag");
}

Finding judge_pool(std::string_view region, std::uint64_t free, std::uint64_t all) {
  const double share = all == 0 ? 0 : static_cast<double>(free) / static_cast<double>(all);
  auto verdict = share < pool_free_warning ? Verdict::warning : Verdict::ok;
  if (share < pool_free_bad) {
    verdict = Verdict::bad;
  }
  return judged(verdict, "pool", fmt::format("{}: {} of {} addresses are free", region, free, all),
                "without one a create is refused", "No free addresses");
}

Finding judge_warm_pool(std::string_view pool, std::uint64_t ready, std::uint64_t least) {
  const double share = least == 0 ? 1 : static_cast<double>(ready) / static_cast<double>(least);
  auto verdict = share < warm_pool_warning ? Verdict::warning : Verdict::ok;
  if (share < warm_pool_bad) {
    verdict = Verdict::bad;
  }
  return judged(verdict, "warm pool",
                fmt::format("{}: {} are ready, of {} at the least", pool, ready, least),
                "without one nothing can be acquired", "Warm pool not filling");
}

Finding judge_incident(std::string_view region, bool is_in_force, std::string_view since) {
  if (!is_in_force) {
    return found_well("region", fmt::format("{}: no incident", region));
  }
  return judged(Verdict::warning, "region",
                fmt::format("{}: an incident since {} of simulated time", region, since),
                "vsimctl region says what goes wrong there, and until when", "One region failing");
}

Finding judge_billing(std::string_view region, Seconds age, double scale, Seconds interval) {
  const Seconds most = billing_stalled * scale + interval;
  return judged(age > most ? Verdict::bad : Verdict::ok, "billing",
                fmt::format("{}: billed up to {} of simulated time ago", region, length_of(age)),
                "nothing is lost, but accrued costs stand still", "Billing not advancing");
}

Finding judge_faults(std::size_t rules, std::string_view since, std::string_view by) {
  if (rules == 0) {
    return found_well("faults", "none are set");
  }
  return judged(Verdict::warning, "faults",
                fmt::format("{} answer callers badly on purpose, set by {} at {}",
                            rules == 1 ? "1 rule" : fmt::format("{} rules", rules), by, since),
                "lift them if no test needs them", "HTTP errors or slow answers");
}

Finding judge_deadlines(std::uint64_t overdue) {
  return judged(overdue > 0 ? Verdict::bad : Verdict::ok, "deadlines",
                fmt::format("{} overdue", overdue), "servers stay in a transition that is over",
                "Stuck in a transition");
}

Finding judge_idle(std::uint64_t overdue) {
  return judged(overdue > 0 ? Verdict::bad : Verdict::ok, "idle servers",
                fmt::format("{} past their timeout", overdue), "they hold addresses",
                "Idle servers not reaped");
}

}  // namespace vsim::vsimctl
