#include "tests/harness/private_nats.h"

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "tests/harness/eventually.h"
#include "tests/harness/failure_note.h"
#include "tests/harness/http_client.h"
#include "tests/harness/programs.h"

namespace harness {
namespace {

constexpr std::chrono::seconds broker_start_wait_max{30};

std::string unique_name() {
  std::random_device chance;
  return fmt::format("vsim-test-{:08x}{:08x}", chance(), chance());
}

std::string password_of(const std::string& user) { return "secret-of-" + user; }

std::string password_definitions() {
  std::string text;
  for (const std::string user : {"admin", "api", "worker", "operator", "sys"}) {
    std::string upper = user;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    text += fmt::format("{}_PASSWORD: \"{}\"\n", upper, password_of(user));
  }
  return text;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  if (at == std::string::npos) {
    throw std::runtime_error("ops/servers/nats-server.conf.in has no " + what);
  }
  return text.replace(at, what.size(), with);
}

std::string tls_block(const NatsOptions& options) {
  std::string text = fmt::format("tls {{\n  cert_file: \"{}\"\n  key_file: \"{}\"\n",
                                 options.certificate->certificate, options.certificate->key);
  if (!options.client_authorities.empty()) {
    text += fmt::format("  ca_file: \"{}\"\n  verify: true\n", options.client_authorities);
  }
  return text + "}\n";
}

}  // namespace

Durability test_durability() {
  const char* chosen = std::getenv("VSIM_TEST_DURABILITY");
  if (chosen == nullptr || std::string_view(chosen) == "power") {
    return Durability::power;
  }
  if (std::string_view(chosen) == "process") {
    return Durability::process;
  }
  throw std::runtime_error(fmt::format("VSIM_TEST_DURABILITY is no durability: {}", chosen));
}

PrivateNats::PrivateNats(const NatsOptions& options)
    : scratch_("vsim-nats"),
      options_(options),
      store_(options.store_dir.empty() ? scratch_.path() + "/store" : options.store_dir),
      name_(unique_name()),
      log_path_(scratch_.path() + "/nats.log") {
  for (int attempt = 0; attempt < 5; ++attempt) {
    port_ = free_port();
    monitor_port_ = free_port();
    if (start()) {
      return;
    }
  }
  throw std::runtime_error("nats-server does not start:\n" + tail_of(log_path_));
}

PrivateNats::~PrivateNats() {
  process_.terminate();
  if (test_is_failing()) {
    std::cerr << "--- the end of " << log_path_ << " (kept)\n" << tail_of(log_path_, 15);
  }
}

std::string PrivateNats::url(const std::string& user) const {
  const std::string who = options_.users ? user + ":" + password_of(user) + "@" : "";
  return fmt::format("{}://{}127.0.0.1:{}", options_.certificate ? "tls" : "nats", who, port_);
}

void PrivateNats::restart() {
  process_.terminate();
  if (!start()) {
    throw std::runtime_error("nats-server does not come back:\n" + tail_of(log_path_));
  }
}

void PrivateNats::restart_without_messages_of(const std::string& stream) {
  process_.kill();
  std::size_t lost = 0;
  namespace files = std::filesystem;
  for (const auto& account : files::directory_iterator(store_ + "/jetstream")) {
    lost += files::remove_all(account.path() / "streams" / stream / "msgs");
  }
  if (lost == 0) {
    throw std::runtime_error("the broker's store holds no messages of " + stream);
  }
  restart();
}

void PrivateNats::restart_configured(const std::string& what, const std::string& with) {
  altered_.emplace_back(what, with);
  restart();
}

void PrivateNats::restart_with(Durability durability) {
  options_.durability = durability;
  restart();
}

void PrivateNats::keep_store() {
  process_.terminate();
  std::filesystem::copy(store_, scratch_.path() + "/kept",
                        std::filesystem::copy_options::recursive);
  restart();
}

void PrivateNats::restart_on_kept_store() {
  process_.kill();
  std::filesystem::remove_all(store_);
  std::filesystem::rename(scratch_.path() + "/kept", store_);
  restart();
}

void PrivateNats::restart_empty() {
  process_.kill();
  std::filesystem::remove_all(store_);
  restart();
}

void PrivateNats::restart_after(const std::function<void(const std::string& folder)>& damage) {
  process_.terminate();
  damage(store_ + "/jetstream/VSIM/streams/EVENTS/msgs");
  restart();
}

void PrivateNats::restart_damaged(const std::string& text) {
  restart_after([&](const std::string& folder) {
    for (const auto& block : std::filesystem::directory_iterator(folder)) {
      std::string bytes = read_file(block.path());
      const std::size_t at = bytes.find(text);
      if (at == std::string::npos) {
        continue;
      }
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      return write_file(block.path(), bytes);
    }
    throw std::runtime_error("EVENTS has no " + text + " on its disk");
  });
}

std::string PrivateNats::refused_to_parts() const {
  std::string refused;
  std::istringstream lines(read_file(log_path_));
  for (std::string line; std::getline(lines, line);) {
    const bool meant = std::any_of(altered_.begin(), altered_.end(), [&](const auto& altered) {
      return line.find(altered.first) != std::string::npos;
    });
    if (!meant && line.find(" Violation ") != std::string::npos &&
        line.find(":vsim-") != std::string::npos) {
      refused += line + "\n";
    }
  }
  return refused;
}

bool PrivateNats::start() {
  std::string text = read_file(source_dir() + "/ops/servers/nats-server.conf.in");
  for (const auto& [what, with] : altered_) {
    text = replaced(text, what, with);
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what)) {
      text.replace(at, what.size(), with);
    }
  }
  text = replaced(text, "@SERVER_NAME@", name_);
  text = replaced(text, "@LISTEN@", fmt::format("127.0.0.1:{}", port_));
  text = replaced(text, "@MONITOR_LISTEN@", fmt::format("127.0.0.1:{}", monitor_port_));
  text = replaced(text, "@STORE_DIR@", store_);
  text = replaced(text, "@SYNC_INTERVAL@",
                  options_.durability == Durability::power ? "always" : "\"1s\"");
  if (!options_.users) {
    text = replaced(text.substr(0, text.find("\naccounts {")), "include ", "# include ");
  }
  if (options_.certificate) {
    text = replaced(text, "max_payload:", tls_block(options_) + "max_payload:");
  }
  const std::string secrets = scratch_.path() + "/secrets";
  std::filesystem::create_directory(secrets);
  write_file(secrets + "/nats-passwords.conf", password_definitions());
  const std::string config = scratch_.path() + "/nats-server.conf";
  write_file(config, text);
  ChildOptions options;
  options.argv = {find_program("VSIM_NATS_SERVER", "nats-server"), "-c", config};
  options.log_path = log_path_;
  process_ = ChildProcess::spawn(options);
  const bool settled =
      eventually([this] { return ready() || !process_.running(); }, broker_start_wait_max);
  return settled && process_.running() && ready();
}

bool PrivateNats::ready() const {
  const std::string greeting = nats_greeting(port_);
  if (greeting.find("\"server_name\":\"" + name_ + "\"") == std::string::npos ||
      greeting.find("\"jetstream\":true") == std::string::npos) {
    return false;
  }
  return HttpClient(monitor_port_).get("/healthz").status == 200;
}

std::string nats_greeting(std::uint16_t port) {
  try {
    HttpClient probe(port, std::chrono::seconds(2));
    return probe.first_line();
  } catch (const Unreachable&) {
    return {};
  }
}

}  // namespace harness
