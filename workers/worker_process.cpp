#include "workers/worker_process.h"

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/broker_facts.h"
#include "eventstore/jetstream_store.h"
#include "ops/process/catalogue.h"
#include "ops/process/clock_of_log.h"
#include "ops/process/last_words.h"
#include "ops/process/wall_clock.h"
#include "ops/telemetry/build_info.h"
#include "ops/telemetry/log.h"
#include "ops/telemetry/metrics_server.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/session_lock.h"
#include "workers/biller.h"
#include "workers/command_worker.h"
#include "workers/gauges/broker_gauges.h"
#include "workers/gauges/fleet_gauges.h"
#include "workers/gauges/read_model_gauges.h"
#include "workers/janitor/janitor.h"
#include "workers/journal_projector.h"
#include "workers/log/sound_log.h"
#include "workers/outcome_replies.h"
#include "workers/projector.h"
#include "workers/replenisher.h"
#include "workers/timekeeper.h"
#include "workers/worker_connections.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;

constexpr auto postgres_wait_at_stop_max = 2s;

std::string joined(const std::vector<std::string>& mistakes) {
  std::string text;
  for (const auto& mistake : mistakes) {
    text += (text.empty() ? "" : "\n") + mistake;
  }
  return text;
}

// Settings that the log has fixed at its first event must not say otherwise.
tl::expected<void, std::string> check_clock(eventstore::EventStore& store,
                                            const process::WorkerSettings& settings) {
  const auto clock = process::load_clock(store);
  if (!clock && clock.error().kind == eventstore::Error::Kind::refused) {
    return tl::unexpected(clock.error().detail);
  }
  if (!clock || !*clock) {
    return {};  // readiness will say so
  }
  if (auto wrong = contradiction((*clock)->time, settings.time_scale, settings.sim_seed)) {
    return tl::unexpected(std::move(*wrong));
  }
  return {};
}

// In the order of their making; they end in the reverse order.
struct Parts {
  process::WorkerSettings settings;
  telemetry::Metrics& metrics;
  Catalogue catalogue;
  Connections to;
  read_model::ConnectionPool marks_database;
  read_model::ConnectionPool places_database;
  eventstore::JetStreamStore stored_log;
  eventstore::JetStreamStore stored_feed;
  KnownHeads heads;
  LogWatch log_watch;
  SoundLog log;
  SoundLog feed;
  eventstore::JetStreamStore journal;
  eventstore::JetStreamStore queued;
  eventstore::CommandQueue queue;
  process::WallClock wall;
  FleetView view;
  ReapedServers reaped;
  AppendCosts costs;
  DecisionTools tools{
      .store = log, .view = view, .catalogue = catalogue, .reaped = reaped, .costs = costs};
  DeadLetters dead_letters;
  Burial burial{tools, dead_letters};
  CommandWorker commands;
  read_model::SessionLock timekeeper_lock;
  Timekeeper timekeeper;
  read_model::SessionLock billing_lock;
  Biller biller;
  read_model::SessionLock janitor_lock;
  read_model::ConnectionPool janitor_database;
  PurgeVerdicts purge_verdicts;
  read_model::Outbox outbox;
  eventstore::CommandPublisher publisher;
  PoolOutbox pool_outbox;
  JournalRepair journal_repair;
  eventstore::JetStreamStore advisories;
  DeliverySweep delivery_sweep;
  Janitor janitor;
  read_model::SessionLock replenisher_lock;
  Replenisher replenisher;
  Projector projector;
  JournalProjector journal_projector;
  ReadModelGauges read_model_gauges;
  BrokerGauges broker_gauges;
  FleetGauges fleet_gauges;

  Parts(const process::WorkerSettings& given, telemetry::Metrics& process_metrics, Catalogue known,
        Connections connections)
      : settings(given),
        metrics(process_metrics),
        catalogue(std::move(known)),
        to(std::move(connections)),
        marks_database(settings.database_url, 1, read_model::lock_limits),
        places_database(settings.database_url, 2, read_model::place_limits),
        stored_log(*to.appends, *to.unbuffered, std::string(messages::events_stream)),
        stored_feed(*to.feeds, *to.feeds, std::string(messages::events_stream)),
        heads([this](auto servers) { return find_newest(servers); }),
        log_watch(
            stored_feed, heads, [this] { return marks_database.read(read_model::find_log_marks); },
            [this] { return to.appends->reconnects() + to.unbuffered->reconnects(); }, metrics),
        log(stored_log, log_watch, heads),
        feed(stored_feed, log_watch, heads),
        journal(*to.feeds, *to.feeds, std::string(messages::journal_stream),
                eventstore::Retention::limited),
        queued(*to.feeds, *to.feeds, std::string(messages::commands_stream)),
        queue(*to.taking, std::string(messages::commands_stream),
              std::string(messages::commands_consumer)),
        wall("vsim-worker", *to.unbuffered, metrics),
        view(feed, wall.time(), [this] { return load_snapshot(); }),
        reaped(metrics),
        costs(metrics),
        dead_letters(*to.unbuffered, metrics),
        commands(queue, tools, dead_letters, burial, *to.feeds, metrics),
        timekeeper_lock(settings.database_url, read_model::timekeeper_lock),
        timekeeper(
            log, view, costs, [this] { return is_active(timekeeper_lock); }, metrics,
            settings.billing_interval),
        billing_lock(settings.database_url, read_model::billing_lock),
        biller(
            log, view, [this] { return is_active(billing_lock); }, metrics,
            settings.billing_interval),
        janitor_lock(settings.database_url, read_model::janitor_lock),
        janitor_database(settings.database_url, 1),
        purge_verdicts(
            tools, queued, [this](auto after, auto limit) { return list_pending(after, limit); },
            metrics),
        outbox(settings.database_url),
        publisher(*to.unbuffered, std::string(messages::commands_stream)),
        pool_outbox(outbox, publisher, catalogue, metrics),
        journal_repair(
            queued, journal, [this] { return to.feeds->reconnects(); },
            [this] { return journal_created(); }, metrics),
        advisories(*to.feeds, *to.feeds, std::string(messages::advisories_stream),
                   eventstore::Retention::limited),
        delivery_sweep(advisories, queued, burial,
                       [this](auto sequence) { return publisher.remove(sequence); }),
        janitor(view, duties(), [this] { return is_active(janitor_lock); }),
        replenisher_lock(settings.database_url, read_model::replenisher_lock),
        replenisher(log, view, publisher, [this] { return is_active(replenisher_lock); }),
        projector(
            stored_feed, {settings.database_url, settings.schema_dir}, catalogue,
            [this](auto committed) { tell_waiters(committed, to); }, metrics),
        journal_projector(journal, queued, settings.database_url, metrics),
        read_model_gauges(settings.database_url, catalogue, metrics),
        broker_gauges(
            {to.unbuffered.get(), to.appends.get(), to.taking.get(), to.feeds.get()},
            settings.nats_monitor_url, [this] { return read_model_gauges.projected(); },
            [this] { return read_model_gauges.newest_command(); }, metrics),
        fleet_gauges(view, read_model_gauges, settings.billing_interval, metrics) {
    for (const auto& [region, pool] : catalogue.regions) {
      count_reaped_in(metrics, region);
      watermarks_of(metrics, region);
    }
  }

  JanitorDuties duties() {
    return {.purge_verdicts = purge_verdicts,
            .pool_outbox = pool_outbox,
            .journal_repair = journal_repair,
            .delivery_sweep = delivery_sweep};
  }

  std::string journal_created() const {
    const auto facts = eventstore::stream_facts(*to.feeds, messages::journal_stream);
    return facts ? facts->created : std::string();
  }

  read_model::DbResult<read_model::NewestEvents> find_newest(std::span<const ServerId> servers) {
    return places_database.read(
        [&](read_model::Transaction& tx) { return read_model::find_newest_events(tx, servers); });
  }

  std::optional<read_model::FleetSnapshot> load_snapshot() const {
    auto snapshot = read_model::load_fleet_snapshot(settings.database_url);
    if (snapshot) {
      return std::move(*snapshot);
    }
    log::warn("no read model to start from", {{"reason", snapshot.error().detail}});
    return std::nullopt;
  }

  std::optional<std::vector<read_model::OperationRow>> list_pending(StreamSequence after,
                                                                    std::size_t limit) {
    auto rows = janitor_database.read(
        [&](read_model::Transaction& tx) { return read_model::list_pending(tx, after, limit); });
    if (!rows) {
      return std::nullopt;
    }
    return std::move(*rows);
  }

  // Without Postgres it is unknown who is active: two at once do no harm, none at all would.
  static bool is_active(read_model::SessionLock& lock) {
    return lock.state() != read_model::SessionLock::State::taken;
  }
};

// Waits for the broker until stopped. The error lists what forbids the start.
tl::expected<std::unique_ptr<Parts>, std::string> make_parts(
    const process::WorkerSettings& settings, telemetry::Metrics& metrics,
    const std::stop_token& stop) {
  auto catalogue = process::load_catalogue(settings);
  if (!catalogue) {
    return tl::unexpected(joined(catalogue.error()));
  }
  auto connections = Connections::make(settings, stop);
  if (!connections) {
    return tl::unexpected(connections.error());
  }
  auto parts =
      std::make_unique<Parts>(settings, metrics, std::move(*catalogue), std::move(*connections));
  if (auto ok = check_clock(parts->log, settings); !ok) {
    return tl::unexpected(ok.error());
  }
  return parts;
}

// Comes back when each role has finished what it had in hand after the stop.
void run_roles(Parts& parts, const std::stop_token& stop) {
  parts.metrics.on_collect([&parts] { parts.fleet_gauges.refresh(); });
  const auto& roles = parts.settings.roles;
  log::info("worker is at work", {{"build", telemetry::build_version()},
                                  {"stream", messages::commands_stream},
                                  {"consumer", messages::commands_consumer},
                                  {"commands", roles.commands},
                                  {"timekeeper", roles.timekeeper},
                                  {"billing", roles.billing},
                                  {"projector", roles.projector},
                                  {"janitor", roles.janitor},
                                  {"replenisher", roles.replenisher}});
  const std::stop_callback hurry(stop,
                                 [] { read_model::end_waits_within(postgres_wait_at_stop_max); });
  const std::jthread patience(
      [&](std::stop_token finished) { give_up_after_stop(parts.to, stop, finished); });
  const std::jthread broker([&](std::stop_token end) { parts.broker_gauges.run(end); });
  const std::jthread read_models([&](std::stop_token end) { parts.read_model_gauges.run(end); });
  // The deciding roles need the view until they have finished, so it ends last.
  std::stop_source view_stop;
  std::jthread view([&] { parts.view.run(view_stop.get_token()); });
  const std::jthread clock_watch([&] { parts.wall.watch(stop); });
  const std::jthread log_watch([&] { parts.log_watch.run(stop); });
  {
    std::vector<std::jthread> threads;
    const auto start = [&](bool wanted, const char* name, auto& role) {
      if (!wanted) {
        return;
      }
      threads.emplace_back([&role, name, stop] {
        process::name_thread(name);
        role.run(stop);
      });
    };
    start(roles.commands, "commands", parts.commands);
    start(roles.timekeeper, "timekeeper", parts.timekeeper);
    start(roles.billing, "billing", parts.biller);
    start(roles.janitor, "janitor", parts.janitor);
    start(roles.replenisher, "replenisher", parts.replenisher);
    start(roles.projector, "projector", parts.projector);
    start(roles.projector, "journal", parts.journal_projector);
  }
  view_stop.request_stop();
  log::info("worker has finished what it had in hand");
}

telemetry::Readiness readiness_of(const Parts& parts) {
  telemetry::Readiness readiness;
  const auto silence = silence_of(*parts.to.unbuffered, parts.wall.time());
  if (silence) {
    readiness.reasons.push_back(*silence);
  }
  if (const auto trouble = parts.broker_gauges.trouble(); !trouble.empty()) {
    readiness.reasons.push_back("the broker is not well: " + trouble);
  }
  const auto view = parts.view.status();
  // Without the broker it says the same.
  if (!view.ready && !silence) {
    readiness.reasons.push_back("view: " + view.reason);
  }
  if (auto trouble = parts.wall.time().trouble(); !trouble.empty()) {
    readiness.reasons.push_back(std::move(trouble));
  }
  if (auto why = parts.log_watch.awaited(); !why.empty()) {
    readiness.reasons.push_back(std::move(why));
  }
  if (auto trouble = parts.log_watch.trouble(); !trouble.empty()) {
    readiness.reasons.push_back(std::move(trouble));
  }
  if (auto fault = parts.broker_gauges.queue_fault()) {
    readiness.reasons.push_back(std::move(*fault));
  }
  const auto fact = [](bool value) { return value ? "true" : "false"; };
  const auto& roles = parts.settings.roles;
  if (roles.projector) {
    const auto projector = parts.projector.status();
    if (!projector.ready) {
      readiness.reasons.push_back("projector: " + projector.reason);
    }
    readiness.facts.emplace_back("projector_checkpoint", std::to_string(projector.checkpoint));
    readiness.facts.emplace_back("projector_active", fact(projector.active));
  }
  if (roles.timekeeper) {
    readiness.facts.emplace_back("timekeeper_active", fact(parts.timekeeper.active()));
  }
  if (roles.billing) {
    readiness.facts.emplace_back("billing_active", fact(parts.biller.active()));
  }
  if (roles.janitor) {
    readiness.facts.emplace_back("janitor_active", fact(parts.janitor.active()));
  }
  if (roles.replenisher) {
    readiness.facts.emplace_back("replenisher_active", fact(parts.replenisher.active()));
  }
  readiness.facts.emplace_back("view_position", std::to_string(view.position));
  readiness.facts.emplace_back("deadlines_pending", std::to_string(view.deadlines));
  readiness.facts.emplace_back("nats_server", parts.to.unbuffered->server_version());
  return readiness;
}

}  // namespace

int run(const process::WorkerSettings& settings, process::ShutdownSignals& signals) {
  telemetry::Metrics metrics;
  const auto parts = make_parts(settings, metrics, signals.token());
  if (!parts) {
    log::error("the worker cannot start", {{"reason", parts.error()}});
    return 1;
  }
  const auto server =
      telemetry::MetricsServer::start(settings.metrics.host, settings.metrics.port, metrics,
                                      [&parts] { return readiness_of(**parts); });
  if (!server) {
    log::error("the worker cannot start", {{"reason", server.error()}});
    return 1;
  }
  run_roles(**parts, signals.token());
  return 0;
}

}  // namespace vsim::workers
