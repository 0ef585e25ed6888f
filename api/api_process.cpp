#include "api/api_process.h"

#include <algorithm>
#include <optional>
#include <thread>

#include <malloc.h>
#include <sys/resource.h>

#include "api/connections/connection_keeper.h"
#include "api/connections/http_server.h"
#include "api/connections/server_certificate.h"
#include "api/dependency_gauges.h"
#include "api/event_queries.h"
#include "api/events/event_streams.h"
#include "api/http_api.h"
#include "api/static_files.h"
#include "eventstore/broker_facts.h"
#include "eventstore/jetstream_store.h"
#include "ops/process/broker_connection.h"
#include "ops/process/catalogue.h"
#include "ops/process/wall_clock.h"
#include "ops/telemetry/build_info.h"
#include "ops/telemetry/log.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/subjects.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using eventstore::Broker;

constexpr const char* program_name = "vsim-api";
constexpr int configuration_error = 2;
constexpr auto request_max = 2500ms;  // a client waits for each, and for two where one is lost

/// Bounds the heap's arenas: one for each of hundreds of threads would hold much unused memory.
void bound_the_heap() {
  mallopt(M_ARENA_MAX, 4);
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

/// Raises the limit on open files: each connection is one, and the usual limit is too low.
void allow_files(std::size_t count) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < count) {
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, count);
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

/// Null when stopped before the broker answered, or when it refuses the API.
std::unique_ptr<Broker> connect(const process::ApiSettings& settings, const std::stop_token& stop) {
  auto options = process::broker_options(settings, program_name);
  options.timeout = request_max;
  options.send_at_once = true;  // a client waits for everything that the API sends
  auto broker = process::connect_when_there(options, 500ms, stop, [](const std::string& why) {
    log::warn("waiting for the broker", {{"error", why}});
  });
  if (!broker) {
    log::error("cannot use the broker", {{"error", broker.error().detail}});
    return nullptr;
  }
  return std::move(*broker);
}

/// Reads the keys for the first time. Logs the reason and gives false when the file cannot be read,
/// or when there is no key and other machines can reach the API.
bool open_keys(const process::ApiSettings& settings, KeyRing& keys) {
  if (const auto looked = keys.look(); !looked) {
    log::error("KEYS_FILE: the keys cannot be read", {{"mistake", looked.error()}});
    return false;
  }
  const auto now = keys.now();
  if (now != nullptr) {
    log::info("keys are on", {{"file", settings.keys_file}, {"keys", now->count()}});
    return true;
  }
  const std::string address = settings.http.to_string();
  if (settings.http.is_loopback()) {
    log::info("keys are off: whoever reaches the address may do everything",
              {{"address", address}});
    return true;
  }
  if (settings.allow_no_keys) {
    log::warn("keys are off, as ALLOW_NO_KEYS says: whoever reaches the address may do everything",
              {{"address", address}});
    return true;
  }
  log::error(
      "HTTP_ADDR can be reached from other machines, and there are no keys; make one with "
      "\"vsimctl keys add NAME --role operator\" in the file that KEYS_FILE names, or listen on "
      "127.0.0.1",
      {{"address", address}, {"keys_file", settings.keys_file}});
  return false;
}

/// The names of hosts that requests may be for where there are no keys; addresses always may.
std::vector<std::string> own_names(const process::ApiSettings& settings) {
  std::vector<std::string> names = settings.http_hosts;
  if (!settings.http.host.empty()) {
    names.push_back(settings.http.host);
  }
  return names;
}

/// What is read from files and served as it is.
struct Documents {
  std::string openapi;
  StaticFiles swagger;
  StaticFiles console;
};

/// Nothing, and a line in the log, when one cannot be read.
std::optional<Documents> read_documents(const process::ApiSettings& settings) {
  auto openapi = messages::load_openapi_document(settings.schema_dir);
  if (!openapi) {
    log::error("the OpenAPI document cannot be read", {{"mistake", openapi.error()}});
    return std::nullopt;
  }
  auto swagger = StaticFiles::read_swagger(settings.schema_dir, settings.swagger_dir);
  auto console = StaticFiles::read_console(settings.schema_dir);
  for (const auto* files : {&swagger, &console}) {
    if (!*files) {
      log::error(files->error());
      return std::nullopt;
    }
  }
  return Documents{std::move(*openapi), std::move(*swagger), std::move(*console)};
}

/// Everything that answers requests, in the order in which it is made.
struct Parts {
  Parts(const process::ApiSettings& settings, const Catalogue& catalogue,
        const Documents& documents, const KeyRing& keys, Broker& broker)
      : publisher(broker, std::string(messages::commands_stream)),
        queue(broker, broker, std::string(messages::commands_stream)),
        events(broker, broker, std::string(messages::events_stream)),
        pool(settings.database_url, settings.database_connections),
        wall(program_name, broker, metrics),
        clock(events, broker, wall.time()),
        inbox(broker, metrics),
        read_side(pool, [this] { return inbox.stopped(); }),
        log_side(publisher, queue, events),
        gateway(publisher, log_side, read_side, inbox, metrics),
        commands(catalogue, gateway, log_side, read_side, [this] { return inbox.stopped(); }),
        applied(
            queue, events, [&broker] { return stream_facts(broker, messages::events_stream); },
            read_side, clock, wall.time(), [this] { return inbox.stopped(); }),
        queries(log_side, read_side, clock, applied, catalogue),
        operations(read_side, log_side, broker, [this] { return inbox.stopped(); }),
        regions(catalogue, log_side, read_side, clock),
        incidents(catalogue, gateway, read_side),
        figures(metrics),
        warm_pools(catalogue, gateway, read_side, figures),
        acquisitions(
            gateway, log_side, read_side, commands, figures,
            [&broker](std::string_view stream) { return stream_facts(broker, stream); },
            [this] { return inbox.stopped(); }),
        clock_commands(gateway, read_side, clock, [this] { return inbox.stopped(); }),
        injector(
            events, broker, clock, metrics, [this] { return inbox.stopped(); },
            settings.http_connections / 2),
        faults(
            gateway, log_side, injector, clock, [this] { return names_of(http_api.routes()); },
            [this] { return inbox.stopped(); }),
        billing(read_side, clock, applied),
        health(broker, pool, clock, wall.time(), settings.nats_monitor_url, settings.durability),
        dependencies(broker, pool, metrics),
        access(keys, metrics),
        streams(events, pool, settings.event_streams, metrics),
        event_queries(streams, events, read_side, clock, access),
        origins(own_names(settings), metrics),
        limits(settings.rate_limit, settings.trusted_proxies, metrics),
        http_api({.commands = commands,
                  .queries = queries,
                  .operations = operations,
                  .regions = regions,
                  .incidents = incidents,
                  .warm_pools = warm_pools,
                  .acquisitions = acquisitions,
                  .clock = clock_commands,
                  .faults = faults,
                  .events = event_queries,
                  .billing = billing,
                  .health = health,
                  .time = clock,
                  .swagger = documents.swagger,
                  .console = documents.console,
                  .openapi_document = documents.openapi},
                 access, origins, limits, injector, metrics) {}

  telemetry::Metrics metrics;
  eventstore::CommandPublisher publisher;
  eventstore::JetStreamStore queue;
  eventstore::JetStreamStore events;
  read_model::ConnectionPool pool;
  process::WallClock wall;
  SimulatedClock clock;
  OutcomeInbox inbox;
  ReadSide read_side;
  LogSide log_side;
  CommandGateway gateway;
  ServerCommands commands;
  AppliedTime applied;
  ServerQueries queries;
  Operations operations;
  RegionQueries regions;
  Incidents incidents;
  AcquireFigures figures;
  WarmPools warm_pools;
  Acquisitions acquisitions;
  ClockCommands clock_commands;
  FaultInjector injector;
  FaultCommands faults;
  BillingQueries billing;
  Health health;
  DependencyGauges dependencies;
  Access access;
  EventStreams streams;
  EventQueries event_queries;
  OriginCheck origins;
  RequestLimits limits;
  HttpApi http_api;
};

/// Nothing when the files cannot be used, which is logged; null where TLS is off.
std::optional<std::unique_ptr<ServerCertificate>> load_certificate(
    const process::ApiSettings& settings) {
  if (!settings.certificate.given()) {
    return nullptr;
  }
  auto loaded = ServerCertificate::load(settings.certificate);
  if (!loaded) {
    log::error("TLS is not possible", {{"mistake", loaded.error()}});
    return std::nullopt;
  }
  log::info("speaking TLS",
            {{"certificate", (*loaded)->subject()}, {"valid_until", (*loaded)->valid_until()}});
  return std::move(*loaded);
}

/// Sleeps until the stop. SIGHUP meanwhile makes it read the certificate again, if there is one.
void wait_for_stop(process::ShutdownSignals& signals, ServerCertificate* certificate,
                   telemetry::Metrics& metrics) {
  const auto reloads = [&](const char* result) {
    return metrics.counter("vsim_tls_reloads_total", "Reads of the certificate after SIGHUP",
                           {{"result", result}});
  };
  const telemetry::Counter succeeded = reloads("ok");
  const telemetry::Counter failed = reloads("failed");
  while (signals.wait_for_hangup()) {
    if (certificate == nullptr) {
      log::info("SIGHUP: nothing to read again; TLS_CERT_FILE is not set");
    } else if (const auto mistake = certificate->reload()) {
      failed.add();
      log::error("SIGHUP: the certificate stays the old one", {{"mistake", *mistake}});
    } else {
      succeeded.add();
      log::info("SIGHUP: new connections get the new certificate",
                {{"subject", certificate->subject()}, {"valid_until", certificate->valid_until()}});
    }
  }
}

}  // namespace

int run(const process::ApiSettings& settings, process::ShutdownSignals& signals) {
  const std::stop_token stop = signals.token();
  bound_the_heap();
  allow_files(settings.http_connections + leaving_max + settings.event_streams + 1024);
  KeyRing keys(settings.keys_file);
  const auto catalogue = process::load_catalogue(settings);
  if (!catalogue) {
    for (const std::string& mistake : catalogue.error()) {
      log::error("the catalogue is wrong", {{"mistake", mistake}});
    }
    return configuration_error;
  }
  if (!open_keys(settings, keys)) {
    return configuration_error;
  }
  const auto documents = read_documents(settings);
  if (!documents) {
    return configuration_error;
  }
  const auto broker = connect(settings, stop);
  if (!broker) {
    return stop.stop_requested() ? 0 : configuration_error;
  }
  Parts parts(settings, *catalogue, *documents, keys, *broker);
  // The first measurement takes milliseconds; requests before it are answered 503.
  std::jthread clock_watch([&](std::stop_token end) { parts.wall.watch(end); });
  HttpServerOptions options{.address = settings.http, .connections_max = settings.http_connections};
  const auto loaded = load_certificate(settings);
  if (!loaded) {
    return configuration_error;
  }
  const std::unique_ptr<ServerCertificate>& certificate = *loaded;
  if (certificate) {
    options.make_transport = [&](int socket) { return certificate->make_transport(socket); };
    options.encrypted = true;
  }
  auto server = HttpServer::start(options, parts.metrics, [&parts](HttpRequest& request) {
    return parts.http_api.handle(request);
  });
  if (!server) {
    log::error(server.error());
    return configuration_error;
  }
  log::info("serving HTTP",
            {{"address", (certificate ? "https://" : "http://") + settings.http.to_string()},
             {"version", telemetry::build_version()},
             {"broker", broker->server_version()},
             {"connections_max", settings.http_connections},
             {"database_connections", settings.database_connections}});
  const std::jthread keys_watch([&] { keys.watch(stop); });
  const std::jthread applied_watch([&] { parts.applied.watch(stop); });
  const std::jthread broker_watch([&] { parts.dependencies.watch_broker(stop); });
  const std::jthread database_watch([&] { parts.dependencies.watch_database(stop); });
  wait_for_stop(signals, certificate.get(), parts.metrics);
  clock_watch.request_stop();
  parts.inbox.stop();  // waiting writes are answered 202 now
  parts.streams.stop();
  server->reset();
  log::info("stopped");
  return 0;
}

}  // namespace vsim::api
