#include "tests/runbook/shipped_system.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>
#include <unistd.h>

#include "tests/harness/eventually.h"
#include "tests/harness/failure_note.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"

namespace runbook {
namespace {

constexpr std::chrono::seconds script_wait_max{120};
constexpr std::chrono::seconds look_wait_max{5};
constexpr std::chrono::seconds answer_wait_max{75};

const std::string reset = "ops/reset --yes=.run";

/// Ends all that was started, be it with its data; also the second system of a restore drill.
std::string end_all(const std::string& ops_command) {
  return "{ test ! -d .run-drill || VSIM_RUN_DIR=$PWD/.run-drill ops/reset --yes; } && " +
         ops_command;
}

std::string caller(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

ShippedSystem::ShippedSystem(SystemOptions options)
    : scratch_("vsim-runbook"), options_(std::move(options)) {
  checkout_ = options_.folder.empty() ? scratch_.path() : scratch_.path() + "/" + options_.folder;
  std::filesystem::create_directory(checkout_);
  for (const char* part : {"ops", "schema"}) {
    std::filesystem::copy(harness::source_dir() + "/" + part, checkout_ + "/" + part,
                          std::filesystem::copy_options::recursive);
  }
  const std::filesystem::path api(harness::product_program("vsim-api"));
  std::filesystem::create_directory(programs());
  for (const char* program : {"vsim-api", "vsim-worker", "vsimctl"}) {
    std::filesystem::copy(api.parent_path() / program, programs());
  }
  watch_over();
  if (options_.locked) {
    make_certificate();
  }
  std::string settings = fmt::format("HTTP_ADDR=127.0.0.1:{} METRICS_ADDR=127.0.0.1:{} ",
                                     harness::free_port(), harness::free_port());
  for (const auto& [name, value] : options_.settings) {
    settings += fmt::format("{}='{}' ", name, value);
  }
  const harness::Output up = run(fmt::format("{} ops/up --workers {}", settings, options_.workers));
  if (!up.ending.clean()) {
    run(end_all(reset));
    throw std::runtime_error("ops/up failed:\n" + up.text);
  }
  if (options_.locked) {
    lock();
  }
}

void ShippedSystem::make_certificate() {
  authority_.emplace(scratch_.path(), "authority");
  const harness::CertificatePair pair = authority_->issue("api");
  options_.settings.insert({{"TLS_CERT_FILE", pair.certificate}, {"TLS_KEY_FILE", pair.key}});
}

// With the first key they are on, within a second.
void ShippedSystem::lock() {
  const std::string text = shell("vsimctl keys add tests --role operator 2>/dev/null");
  if (!harness::eventually([&] { return api().get("/servers").status == 401; })) {
    throw std::runtime_error("the API asks for no key");
  }
  key_.emplace(harness::HttpHeaders{{"Authorization", "Bearer " + text}});
}

ShippedSystem::~ShippedSystem() {
  try {
    if (harness::test_is_failing()) {
      show_logs();
      run(end_all("ops/down"));
    } else {
      run(end_all(reset));
    }
    run("kill -- -$(cat guard.pid)");
  } catch (const std::exception& error) {
    std::cerr << "stopping the system in " << checkout_ << ": " << error.what() << "\n";
  }
}

// The processes that ops/up starts outlive it, and would outlive a test that is killed. So one more
// waits for the end of the test and clears up after it.
void ShippedSystem::watch_over() const {
  const std::string end = end_all(reset);  // refused while an ops/up is at work still
  run(
      fmt::format("setsid bash -c 'tail --pid={} -s 1 -f /dev/null; "
                  "for try in {{1..60}}; do sleep 1; {} && break; done' "
                  ">guard.log 2>&1 </dev/null & echo $! >guard.pid",
                  ::getpid(), end));
}

void ShippedSystem::show_logs() const {
  const std::string logs = checkout_ + "/.run/log";
  if (!std::filesystem::exists(logs)) {
    return;
  }
  for (const auto& log : std::filesystem::directory_iterator(logs)) {
    std::cerr << "--- the end of " << log.path().string() << " (kept)\n"
              << harness::tail_of(log.path().string(), 15);
  }
}

harness::Output ShippedSystem::run(const std::string& script) const {
  // So that ops/up finds the broker's programs and builds none.
  const std::filesystem::path nats(harness::find_program("VSIM_NATS_SERVER", "nats-server"));
  harness::ChildOptions shell;
  shell.argv = {"/usr/bin/env",
                "-i",
                "LANG=C.UTF-8",
                "HOME=" + caller("HOME"),
                "PATH=" + caller("PATH") + ":" + nats.parent_path().string(),
                "VSIM_PG_BIN=" + caller("VSIM_PG_BIN"),
                "VSIM_BIN_DIR=" + programs(),
                "VSIM_SWAGGER_DIR=" + harness::swagger_dir(),
                "VSIM_SKIP_PACKAGES=1"};
  for (const char* word : {"/bin/bash", "-c", script.c_str()}) {
    shell.argv.emplace_back(word);
  }
  shell.working_directory = checkout_;
  return harness::run_program(shell, script_wait_max);
}

std::string ShippedSystem::shell(const std::string& script) const {
  harness::Output output = run("set -euo pipefail; . .run/env\n" + script);
  if (!output.ending.clean()) {
    throw std::runtime_error("this failed: " + script + "\n" + output.text);
  }
  if (output.text.ends_with('\n')) {
    output.text.pop_back();
  }
  return output.text;
}

std::string ShippedSystem::admin_shell(const std::string& script) const {
  return shell(". .run/admin.env\n" + script);
}

std::string ShippedSystem::address(const std::string& name) const {
  std::string text = harness::read_file(checkout_ + "/.run/ports/" + name + ".address");
  if (text.ends_with('\n')) {
    text.pop_back();
  }
  return text;
}

std::uint16_t ShippedSystem::port(const std::string& name) const {
  const std::string at = address(name);
  return static_cast<std::uint16_t>(std::stoi(at.substr(at.rfind(':') + 1)));
}

harness::HttpClient ShippedSystem::api() const { return client("api", answer_wait_max); }

harness::HttpClient ShippedSystem::client(const std::string& name,
                                          std::chrono::milliseconds timeout) const {
  if (name != "api" || !authority_) {
    return harness::HttpClient(port(name), timeout);
  }
  return harness::HttpClient(port(name), timeout,
                             harness::TlsOptions{.authorities = authority_->file()});
}

double ShippedSystem::metric(const std::string& name, const std::string& label) const {
  return metric_at("worker-1", name, label);
}

double ShippedSystem::api_metric(const std::string& name, const std::string& label) const {
  return metric_at("api", name, label);
}

double ShippedSystem::metric_at(const std::string& name, const std::string& metric,
                                const std::string& label) const {
  try {
    const std::string page = client(name, look_wait_max).get("/metrics").body;
    const bool has = page.find("\n" + metric + " ") != std::string::npos ||
                     page.find("\n" + metric + "{") != std::string::npos;
    if (has) {
      return harness::metric_sum(page, metric, label);
    }
  } catch (const harness::Unreachable&) {
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::string ShippedSystem::readiness(const std::string& name) const {
  try {
    return client(name, look_wait_max).get("/readyz").body;
  } catch (const harness::Unreachable&) {
    return "";
  }
}

bool ShippedSystem::ready(const std::string& name) const {
  try {
    return client(name, look_wait_max).get("/readyz").status == 200;
  } catch (const harness::Unreachable&) {
    return false;
  }
}

void ShippedSystem::kill(const std::string& name) const {
  shell(fmt::format("kill -KILL $(<.run/pid/{}.pid)", name));
  harness::eventually([&] { return !running(name); });
}

// What has ended but was not collected by its parent does not run.
bool ShippedSystem::running(const std::string& name) const {
  return run(fmt::format("grep -q ') [^ZX]' /proc/$(<.run/pid/{}.pid)/stat", name)).ending.clean();
}

}  // namespace runbook
