// `vsimctl status`: the whole system on one screen. A part that does not answer is shown as such,
// and the rest all the same.

#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "eventstore/broker_facts.h"
#include "ops/process/clock_of_log.h"
#include "ops/telemetry/broker_monitor.h"
#include "ops/vsimctl/connections.h"
#include "ops/vsimctl/doctor/clock_reports.h"
#include "ops/vsimctl/doctor/examination.h"
#include "ops/vsimctl/subcommands.h"
#include "ops/vsimctl/terminal/table.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/regions.h"
#include "schema/read_model/servers.h"

namespace vsim::vsimctl {
namespace {

using process::CommonSettings;

/// What the read models hold, in one look.
struct Readable {
  StreamSequence projected = 0;
  bool synced = false;
  std::vector<read_model::RegionRow> regions;
  std::vector<read_model::ServerCount> servers;
};

/// What the broker holds.
struct Stored {
  eventstore::StreamFacts commands;
  eventstore::ConsumerFacts consumer;
  eventstore::StreamFacts dead_letters;
  eventstore::StreamFacts events;
  SimClock clock;
  WallTime wall;  // the broker's time
  std::vector<messages::ClockReport> reports;
};

void line(const char* name, const std::string& text) { fmt::print("{:<14}{}\n", name, text); }

eventstore::Result<Stored> look_at_streams(Log& log) {
  Stored stored;
  const auto ask = [&log](std::string_view stream, eventstore::StreamFacts& into) {
    auto facts = eventstore::stream_facts(log.broker(), stream);
    if (facts) {
      into = *facts;
    }
    return facts.map([](const auto&) {});
  };
  for (auto asked : {ask(messages::commands_stream, stored.commands),
                     ask(messages::dead_letters_stream, stored.dead_letters),
                     ask(messages::events_stream, stored.events)}) {
    if (!asked) {
      return tl::unexpected(asked.error());
    }
  }
  const auto consumer = eventstore::consumer_facts(log.broker(), messages::commands_stream,
                                                   messages::commands_consumer);
  if (!consumer) {
    return tl::unexpected(consumer.error());
  }
  stored.consumer = *consumer;
  const auto clock = process::load_clock(log.events());
  if (!clock && clock.error().kind != eventstore::Error::Kind::refused) {
    return tl::unexpected(clock.error());
  }
  if (clock && *clock) {
    stored.clock = **clock;
  }
  return stored;
}

tl::expected<Readable, std::string> look_at_tables(const CommonSettings& settings) {
  return query(settings, [](read_model::Transaction& tx) {
    const auto checkpoint = read_model::find_checkpoint(tx, messages::events_stream);
    return Readable{.projected = checkpoint ? checkpoint->sequence : 0,
                    .synced = read_model::syncs_to_disk(tx),
                    .regions = read_model::list_regions(tx),
                    .servers = read_model::count_servers(tx)};
  });
}

std::string sync_in_words(const telemetry::LogSync& sync) {
  return sync.before_ack() ? "before each acknowledgement" : "every " + to_string(sync);
}

void show_queue(const Stored& stored) {
  const auto& queue = stored.commands;
  std::string text = fmt::format("{} commands", queue.messages);
  if (queue.messages > 0) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(queue.oldest_age);
    text += fmt::format(", the oldest waits for {} s", age.count());
  }
  text += fmt::format(", {} in a worker's hands", stored.consumer.in_hand);
  if (stored.consumer.paused) {
    text += ", PAUSED until " + stored.consumer.paused_until;
  }
  if (stored.consumer.pulls_waiting == 0) {
    text += ", no worker asks for more";
  }
  line("queue", text);
  line("dead letters", std::to_string(stored.dead_letters.messages));
}

void show_servers(const Readable& readable) {
  constexpr Status shown[] = {Status::pending,     Status::running,   Status::stopping,
                              Status::stopped,     Status::failed,    Status::rebooting,
                              Status::terminating, Status::terminated};
  static_assert(std::size(shown) == status_count);
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts;
  for (const auto& count : readable.servers) {
    counts[{count.region, count.status}] += count.servers;
  }
  std::vector<std::string> headings = {"REGION", "ADDRESSES", "FREE"};
  for (const auto status : shown) {
    headings.emplace_back(to_string(status));
  }
  Table table(std::move(headings));
  for (const auto& region : readable.regions) {
    std::vector<std::string> row = {region.name, std::to_string(region.addresses_total),
                                    std::to_string(region.addresses_free)};
    for (const auto status : shown) {
      row.push_back(std::to_string(counts[{region.name, std::string(to_string(status))}]));
    }
    table.add(std::move(row));
  }
  table.print();
}

/// Deadlines of servers that should have been brought in by now.
tl::expected<void, std::string> show_overdue(const CommonSettings& settings, const SimClock& clock,
                                             WallTime wall) {
  const auto until = overdue_until(clock.time, wall);
  const auto overdue = query(settings, [until](read_model::Transaction& tx) {
    return until ? read_model::count_overdue(tx, *until) : read_model::OverdueServers{};
  });
  if (!overdue) {
    return failed(overdue.error());
  }
  line("overdue", fmt::format("{} deadlines", overdue->all));
  return {};
}

void show_clocks(const std::vector<messages::ClockReport>& reports) {
  for (const auto& report : reports) {
    line("clock", fmt::format("of {}: {}", process_of(report), offset_of(report)));
  }
}

void show_time(const SimClock& clock, WallTime wall) {
  const auto now = simulated_at(clock, wall);
  line("time",
       fmt::format("{}, scale {}, deadlines applied until {}", messages::format_instant(now),
                   clock.time.scale, messages::format_instant(clock.deadlines_applied_through)));
}

tl::expected<Stored, std::string> look_at_broker(const CommonSettings& settings) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  ClockReports reports((*log)->broker());
  auto stored = look_at_streams(**log);
  if (!stored) {
    return failed(explain(settings, stored.error()));
  }
  const auto wall = (*log)->now(settings);
  if (!wall) {
    return failed(wall.error());
  }
  stored->wall = *wall;
  stored->reports = reports.collect();
  line("NATS", fmt::format("{}, nats-server {}", shown_address(settings.nats_url),
                           (*log)->broker().server_version()));
  return *stored;
}

/// Asks broker and Postgres themselves; what was chosen shows only where they cannot be asked.
void show_durability(const CommonSettings& settings, std::optional<bool> read_models_synced) {
  const auto monitor = telemetry::ask_broker_monitor(settings.nats_monitor_url);
  const telemetry::SyncFacts seen{.log = monitor ? monitor->sync : std::nullopt,
                                  .read_models = read_models_synced};
  const auto postgres = !read_models_synced ? "not told" : *read_models_synced ? "on" : "off";
  line("durability",
       fmt::format("{}: the broker syncs {}, Postgres' fsync is {}",
                   durability_fact(settings.durability, seen),
                   seen.log ? sync_in_words(*seen.log) : "as it does not tell", postgres));
}

tl::expected<void, std::string> status(const CommonSettings& settings) {
  const auto stored = look_at_broker(settings);
  if (!stored) {
    line("NATS", "DOWN");
  }
  const auto readable = look_at_tables(settings);
  line("Postgres", readable ? "answers" : "DOWN");
  show_durability(settings, readable ? std::optional(readable->synced) : std::nullopt);
  if (stored) {
    show_queue(*stored);
    show_time(stored->clock, stored->wall);
    show_clocks(stored->reports);
    line("log", fmt::format("{} events", stored->events.last_sequence));
  }
  if (stored && readable) {
    const auto end = stored->events.last_sequence;
    line("projected", fmt::format("until {}, {} behind", readable->projected,
                                  end > readable->projected ? end - readable->projected : 0));
    if (auto shown = show_overdue(settings, stored->clock, stored->wall); !shown) {
      return shown;
    }
  }
  if (readable) {
    show_servers(*readable);
  }
  if (!stored) {
    return failed(stored.error());
  }
  if (!readable) {
    return failed(readable.error());
  }
  return {};
}

}  // namespace

void add_status(CLI::App& app, Task& chosen) {
  app.add_subcommand("status", "Broker, Postgres, queue, log, regions and servers on one screen")
      ->callback([&chosen] { chosen = status; });
}

}  // namespace vsim::vsimctl
