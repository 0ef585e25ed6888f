#include "tests/chaos/battered_fleet.h"

#include <csignal>
#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/servers.h"
#include "tests/harness/wrong_clock.h"

namespace chaos {
namespace {

using harness::Gate;
using harness::Settings;

constexpr std::size_t workers = 2;
constexpr std::chrono::seconds answer_max{20};  // then a writer asks again

const harness::SchemaCopy& with_ack_wait(const harness::SchemaCopy& schema, int seconds) {
  schema.set_ack_wait(std::chrono::seconds(seconds));
  return schema;
}

std::string open_to_postgres(const std::string& folder) {
  std::filesystem::permissions(folder, std::filesystem::perms::all);
  return folder;
}

std::size_t number_of(const std::string& worker) {
  return static_cast<std::size_t>(worker.back() - '0');
}

/// The URL with another port of loopback.
std::string at_port(std::string url, const std::string& from, std::uint16_t port) {
  const std::size_t at = url.find(from);
  return url.replace(at, from.size(), fmt::format("127.0.0.1:{}", port));
}

}  // namespace

BatteredFleet::BatteredFleet(const Theme& theme)
    : scratch_("vsim-chaos"),
      fleet_({.apis = 1,
              .workers = workers,
              .settings = {{"TIME_SCALE", "10"}},
              .schema_dir = with_ack_wait(schema_, theme.ack_wait_seconds).path(),
              .tls = theme.tls,
              .postgres_folder = open_to_postgres(scratch_.path())}) {
  const auto to_postgres = [&] {
    return theme.tls ? std::make_unique<Gate>(fleet_.postgres().port())
                     : std::make_unique<Gate>(harness::socket_path(fleet_.postgres()));
  };
  gates_["client-api"] = std::make_unique<Gate>(fleet_.api_port());
  for (const char* part : {"api", "worker-0", "worker-1"}) {
    gates_[part + std::string("-broker")] = std::make_unique<Gate>(fleet_.nats().port());
    gates_[part + std::string("-postgres")] = to_postgres();
    kill(part);
    start(part);
  }
  fleet_.wait_until_ready(recovery_max);
  // More than a storm takes in us-east-1; eu-west-1 keeps its 100, which are soon gone.
  harness::extend_pool(fleet_.client(), "10.20.0.0/18");
}

e2e::Target BatteredFleet::target() {
  e2e::Target target = e2e::target_of(fleet_);
  const bool tls = fleet_.nats().url().starts_with("tls:");
  target.writer = [port = gate("client-api").port(),
                   options = tls ? std::optional(harness::TlsOptions{fleet_.authority().file()})
                                 : std::nullopt] {
    return harness::HttpClient(port, answer_max, options);
  };
  target.wait_until_ready = [this] { wait_until_recovered(); };
  return target;
}

harness::Settings BatteredFleet::gated(const std::string& part) {
  Settings settings = fleet_.environment_of(part == "api" ? "api" : "worker");
  std::string& broker = settings["NATS_URL"];
  broker = at_port(broker, fmt::format("127.0.0.1:{}", fleet_.nats().port()),
                   gate(part + "-broker").port());
  std::string& database = settings["DATABASE_URL"];
  const std::uint16_t port = gate(part + "-postgres").port();
  database = database.find("127.0.0.1:") == std::string::npos
                 ? harness::through_port(database, port)
                 : at_port(database, fmt::format("127.0.0.1:{}", fleet_.postgres().port()), port);
  return settings;
}

harness::ChildProcess& BatteredFleet::process(const std::string& part) {
  if (part == "broker") {
    return fleet_.nats().process();
  }
  return part == "api" ? fleet_.api() : fleet_.worker(number_of(part));
}

void BatteredFleet::begin(const Fault& fault) {
  if (fault.kind == "kill") {
    kill(fault.whom);
  } else if (fault.kind == "stop") {
    stop(fault.whom);
  } else if (fault.kind == "link") {
    disturb(gate(fault.whom), fault);
  } else if (fault.kind == "expire") {
    change_certificate(fault.whom, true);
  } else {
    kill(fault.whom);
    clocks_[fault.whom] = harness::with_clock(fmt::format("{:+.0f}s", fault.amount));
    start(fault.whom);
  }
}

void BatteredFleet::end(const Fault& fault) {
  if (fault.kind == "kill") {
    start(fault.whom);
  } else if (fault.kind == "stop") {
    go_on(fault.whom);
  } else if (fault.kind == "link") {
    gate(fault.whom).carry();
  } else if (fault.kind == "expire") {
    change_certificate(fault.whom, false);
  } else {
    kill(fault.whom);
    clocks_.erase(fault.whom);
    start(fault.whom);
  }
}

void BatteredFleet::kill(const std::string& part) {
  if (part == "broker") {
    fleet_.nats().kill();
  } else if (part == "postgres") {
    fleet_.postgres().kill();
  } else {
    process(part).kill();
  }
}

void BatteredFleet::start(const std::string& part) {
  if (part == "broker") {
    return fleet_.nats().restart();
  }
  if (part == "postgres") {
    return fleet_.postgres().restart();
  }
  Settings settings = gated(part);
  if (const auto clock = clocks_.find(part); clock != clocks_.end()) {
    settings.merge(Settings(clock->second));
  }
  if (part == "api") {
    fleet_.start_api(0, settings);
  } else {
    fleet_.start_worker(number_of(part), settings);
  }
}

void BatteredFleet::stop(const std::string& part) {
  if (part == "postgres") {
    frozen_.emplace(fleet_.postgres());
  } else {
    process(part).signal(SIGSTOP);
  }
}

void BatteredFleet::go_on(const std::string& part) {
  if (part == "postgres") {
    frozen_.reset();
  } else {
    process(part).signal(SIGCONT);
  }
}

void BatteredFleet::disturb(Gate& gate, const Fault& fault) {
  if (fault.how == "refuse") {
    gate.refuse();
    gate.cut();
  } else if (fault.how == "cut") {
    gate.cut();
  } else if (fault.how == "stall") {
    gate.stall();
  } else if (fault.how == "swallow") {
    gate.swallow();
  } else if (fault.how == "delay") {
    gate.delay(Milliseconds(static_cast<long>(fault.amount)));
  } else {
    gate.slice(static_cast<std::size_t>(fault.amount));
  }
}

/// The files are replaced and read again; then all come in anew.
void BatteredFleet::change_certificate(const std::string& part, bool expired) {
  const std::string name = part == "broker" ? "nats" : part;
  const harness::CertificatePair pair =
      expired ? fleet_.authority().issue_expired(name) : fleet_.authority().issue(name);
  certificate_expired_ = certificate_expired_ || expired;
  if (part == "postgres") {
    const std::string data = scratch_.path() + "/data";
    harness::write_file(data + "/server.crt", harness::read_file(pair.certificate));
    harness::write_file(data + "/server.key", harness::read_file(pair.key));
    fleet_.postgres().process().signal(SIGHUP);
  } else {
    process(part).signal(SIGHUP);
  }
  for (const auto& [link, gate] : gates_) {
    if (link.ends_with("-" + part)) {
      gate->cut();
    }
  }
}

/// A program that meets an expired certificate when it starts gives up, by itself.
void BatteredFleet::start_what_gave_up() {
  for (const std::string part : {"api", "worker-0", "worker-1"}) {
    if (const auto ending = process(part).wait(std::chrono::milliseconds(0))) {
      REQUIRE_MESSAGE(ending->signal == 0, part, " was ended by signal ", ending->signal);
      start(part);
    }
  }
}

void BatteredFleet::wait_until_recovered() {
  constexpr int attempts_max = 3;  // it may be about to give up when it is looked at
  for (int attempt = 1;; ++attempt) {
    if (certificate_expired_) {
      start_what_gave_up();
    }
    try {
      fleet_.wait_until_ready(recovery_max);
      break;
    } catch (const std::runtime_error&) {
      if (!certificate_expired_ || attempt == attempts_max) {
        throw;
      }
    }
  }
  certificate_expired_ = false;
}

}  // namespace chaos
