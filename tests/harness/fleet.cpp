#include "tests/harness/fleet.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/eventually.h"
#include "tests/harness/failure_note.h"
#include "tests/harness/programs.h"

namespace harness {
namespace {

// What the caller's shell may hold (after `. .run/env`, say) must not reach the parts.
const std::vector<std::string> foreign_settings = {"NATS_URL",
                                                   "DATABASE_URL",
                                                   "DB_HOST",
                                                   "DB_PORT",
                                                   "DB_NAME",
                                                   "DB_USER",
                                                   "DB_PASSWORD",
                                                   "DB_SSLMODE",
                                                   "HTTP_ADDR",
                                                   "METRICS_ADDR",
                                                   "PORT",
                                                   "ROLES",
                                                   "PROFILE",
                                                   "IDLE_TIMEOUT",
                                                   "LEASE_MAX",
                                                   "SIM_SEED",
                                                   "TIME_SCALE",
                                                   "BILLING_INTERVAL",
                                                   "SCHEMA_DIR",
                                                   "LOG_LEVEL",
                                                   "LOG_FORMAT",
                                                   "NATS_USER",
                                                   "NATS_PASSWORD",
                                                   "SWAGGER_DIR",
                                                   "NATS_CA_FILE",
                                                   "NATS_CERT_FILE",
                                                   "NATS_KEY_FILE",
                                                   "TLS_CERT_FILE",
                                                   "TLS_KEY_FILE",
                                                   "DB_SSLROOTCERT",
                                                   "KEYS_FILE",
                                                   "ALLOW_NO_KEYS",
                                                   "HTTP_HOSTS",
                                                   "DURABILITY",
                                                   "NATS_MONITOR_URL",
                                                   "HTTP_CONNECTIONS",
                                                   "EVENT_STREAMS",
                                                   "DATABASE_CONNECTIONS",
                                                   "RATE_LIMIT",
                                                   "RATE_BURST",
                                                   "TRUSTED_PROXIES",
                                                   "API_URL",
                                                   "API_CERT_FILE",
                                                   "API_KEY"};

constexpr std::chrono::seconds start_wait_max{30};
constexpr std::chrono::seconds client_wait_max{75};

std::optional<CertificatePair> issued(const std::unique_ptr<Authority>& authority,
                                      const std::string& name) {
  return authority ? std::optional(authority->issue(name)) : std::nullopt;
}

}  // namespace

Fleet::Fleet(FleetOptions options)
    : options_(std::move(options)),
      scratch_("vsim-fleet"),
      authority_(options_.tls ? std::make_unique<Authority>(scratch_.path(), "authority")
                              : nullptr),
      api_certificate_(issued(authority_, "api")),
      nats_({.certificate = issued(authority_, "nats"), .store_dir = options_.nats_store}),
      postgres_({issued(authority_, "postgres"), options_.postgres_folder}),
      database_(postgres_.create_vsim_database()) {
  if (options_.schema_dir.empty()) {
    options_.schema_dir = source_dir() + "/schema";
  }
  const Output migration = vsimctl({"migrate"});
  if (!migration.ending.clean()) {
    throw std::runtime_error("vsimctl migrate failed:\n" + migration.text);
  }
  for (std::size_t i = 0; i < options_.apis; ++i) {
    add(apis_, "api", "HTTP_ADDR");
  }
  for (std::size_t i = 0; i < options_.workers; ++i) {
    add(workers_, "worker", "METRICS_ADDR");
  }
  wait_until_ready(start_wait_max);
}

Fleet::~Fleet() {
  // Whatever a test is about: what the parts do must be what they may do.
  const std::string refused = nats_.refused_to_parts();
  if (doctest::is_running_in_test) {
    CHECK(refused == "");
  }
  for (std::vector<Part>* parts : {&apis_, &workers_}) {
    for (Part& part : *parts) {
      part.process.kill();
      if (test_is_failing()) {
        std::cerr << "--- the end of " << part.process.log_path() << " (kept)\n"
                  << tail_of(part.process.log_path(), 25);
      }
    }
  }
  if (!doctest::is_running_in_test && !refused.empty()) {  // of one that many tests have shared
    std::cerr << "the broker has refused to the parts:\n" << refused;
    std::_Exit(1);
  }
}

Settings Fleet::environment_of(const std::string& user) const {
  Settings settings = options_.settings;
  settings["NATS_URL"] = nats_.url(user);
  settings["NATS_MONITOR_URL"] = fmt::format("http://127.0.0.1:{}", nats_.monitor_port());
  settings["DATABASE_URL"] = database_url("vsim_" + (user == "admin" ? "worker" : user));
  settings["SCHEMA_DIR"] = options_.schema_dir;
  if (authority_) {
    settings["NATS_CA_FILE"] = authority_->file();
  }
  settings["KEYS_FILE"] = keys_file();
  settings.emplace("DURABILITY", "process");  // Postgres does not sync here
  return settings;
}

void Fleet::add(std::vector<Part>& parts, const std::string& kind,
                const std::string& address_setting) {
  Part part;
  part.name = fmt::format("{}-{}", kind, parts.size());
  part.user = kind;
  part.program = "vsim-" + kind;
  part.address_setting = address_setting;
  parts.push_back(std::move(part));
  start(parts.back());
}

void Fleet::start_api(std::size_t index, const Settings& more) { start(apis_.at(index), more); }
void Fleet::start_worker(std::size_t index, const Settings& more) {
  start(workers_.at(index), more);
}

void Fleet::start(Part& part, const Settings& more) {
  if (part.port == 0) {
    part.port = free_port();
  }
  ChildOptions child;
  child.argv = {product_program(part.program)};
  child.environment = environment_of(part.user);
  if (api_certificate_ && part.user == "api") {
    child.environment["TLS_CERT_FILE"] = api_certificate_->certificate;
    child.environment["TLS_KEY_FILE"] = api_certificate_->key;
  }
  for (const auto& [name, value] : more) {
    child.environment[name] = value;
  }
  child.environment[part.address_setting] = fmt::format("127.0.0.1:{}", part.port);
  child.unset = foreign_settings;
  child.log_path = scratch_.path() + "/" + part.name + ".log";
  part.process = ChildProcess::spawn(child);
}

std::string Fleet::database_url(const std::string& role) const {
  if (authority_) {
    return postgres_.tls_url(database_, role,
                             "sslmode=verify-full&sslrootcert=" + authority_->file());
  }
  return postgres_.url(database_, role);
}

HttpClient Fleet::client(std::size_t api) const {
  return client_of(apis_.at(api), client_wait_max);
}

HttpClient Fleet::client_of(const Part& part, std::chrono::milliseconds timeout) const {
  if (authority_ && part.user == "api") {
    return HttpClient(part.port, timeout, TlsOptions{authority_->file()});
  }
  return HttpClient(part.port, timeout);
}

bool Fleet::ready(Part& part) {
  return client_of(part, std::chrono::seconds(5)).get("/readyz").status == 200;
}

void Fleet::wait_until_ready(std::chrono::milliseconds wait_max) {
  for (std::vector<Part>* parts : {&workers_, &apis_}) {
    for (Part& part : *parts) {
      if (part.process.pid() > 0 && part.process.running()) {
        wait_until_part_ready(part, wait_max);
      } else if (part.process.pid() > 0) {
        throw std::runtime_error(
            fmt::format("{} has ended:\n{}", part.name, tail_of(part.process.log_path())));
      }
    }
  }
}

void Fleet::wait_until_part_ready(Part& part, std::chrono::milliseconds wait_max) {
  const bool settled = eventually([&] { return !part.process.running() || ready(part); }, wait_max);
  if (!settled || !part.process.running()) {
    const std::string what =
        settled ? "has ended" : fmt::format("is not ready after {} ms", wait_max.count());
    throw std::runtime_error(
        fmt::format("{} {}:\n{}", part.name, what, tail_of(part.process.log_path())));
  }
}

Output Fleet::vsimctl(const std::vector<std::string>& arguments) {
  ChildOptions child;
  child.argv = {product_program("vsimctl")};
  child.argv.insert(child.argv.end(), arguments.begin(), arguments.end());
  const bool migrates = std::find(arguments.begin(), arguments.end(), "migrate") != arguments.end();
  child.environment = environment_of(migrates ? "admin" : "operator");
  child.unset = foreign_settings;
  return run_program(child);
}

std::string Fleet::add_key(const std::string& name, const std::string& role,
                           const std::string& account) {
  const Output made = vsimctl({"keys", "add", name, "--role", role, "--account", account});
  const std::size_t at = made.text.find("vsim_");
  if (!made.ending.clean() || at == std::string::npos) {
    throw std::runtime_error("vsimctl keys add failed:\n" + made.text);
  }
  return made.text.substr(at, made.text.find_first_of(" \n", at) - at);
}

Output Fleet::nats_cli(const std::vector<std::string>& arguments, const std::string& input) {
  return nats_cli_as("operator", arguments, input);
}

Output Fleet::nats_cli_as(const std::string& user, const std::vector<std::string>& arguments,
                          const std::string& input) {
  ChildOptions child;
  if (!input.empty()) {
    child.input_path = scratch_.path() + "/input";
    write_file(child.input_path, input);
  }
  child.argv = {find_program("VSIM_NATS_CLI", "nats")};
  if (user == "api" || user == "worker") {
    child.argv.push_back("--inbox-prefix=_INBOX_" + user);  // the only one it may listen on
  }
  child.argv.insert(child.argv.end(), arguments.begin(), arguments.end());
  child.environment = {{"NATS_URL", nats_.url(user)}};
  if (authority_) {
    child.environment["NATS_CA"] = authority_->file();
  }
  child.unset = {"NATS_USER", "NATS_PASSWORD", "NATS_CONTEXT"};
  return run_program(child);
}

double Fleet::worker_metric(const std::string& name) {
  double sum = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i].process.running()) {
      sum += worker_metric(i, name);
    }
  }
  return sum;
}

double Fleet::worker_metric(std::size_t worker, const std::string& name, const std::string& label) {
  return metric_sum(HttpClient(workers_.at(worker).port).get("/metrics").body, name, label);
}

double Fleet::api_metric(const std::string& name, std::size_t api) {
  return metric_sum(client(api).get("/metrics").body, name);
}

double metric_sum(const std::string& page, const std::string& name, const std::string& label) {
  double sum = 0;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, name.size(), name) == 0 && line.size() > name.size() &&
        (line[name.size()] == '{' || line[name.size()] == ' ') &&
        line.find(label) != std::string::npos) {
      sum += std::stod(line.substr(line.rfind(' ') + 1));
    }
  }
  return sum;
}

SchemaCopy::SchemaCopy() : scratch_("vsim-schema"), path_(scratch_.path() + "/schema") {
  std::filesystem::copy(source_dir() + "/schema", path_, std::filesystem::copy_options::recursive);
}

void SchemaCopy::replace(const std::string& file, const std::string& what,
                         const std::string& with) const {
  std::string text = read_file(path_ + "/" + file);
  const std::size_t at = text.find(what);
  if (at == std::string::npos || text.find(what, at + 1) != std::string::npos) {
    throw std::runtime_error(fmt::format("schema/{} does not hold '{}' exactly once", file, what));
  }
  write_file(path_ + "/" + file, text.replace(at, what.size(), with));
}

void SchemaCopy::set_ack_wait(std::chrono::seconds wait) const {
  replace("messages/streams.json", R"("ack_wait": 30000000000)",
          fmt::format(R"("ack_wait": {})", std::chrono::nanoseconds(wait).count()));
}

}  // namespace harness
