#include "tests/e2e/storm.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/servers.h"

namespace e2e {
namespace {

using harness::HttpAnswer;
using harness::HttpClient;
using harness::HttpHeaders;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds answer_max{90};  // of one write with all its repetitions
constexpr seconds ready_max{60};

}  // namespace

/// One client: its connection, its dice, and the servers it made.
class Storm::Client {
 public:
  Client(Storm& storm, std::uint64_t seed, std::size_t number)
      : storm_(storm),
        number_(number),
        dice_(seed * 1000 + number),
        http_(storm.target_.writer()) {}

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      Write write;
      write.request_id = fmt::format("storm-{}-{}", number_, ++written_);
      write.begun = std::chrono::steady_clock::now();
      if (servers_.empty() || dice_() % 100 < 40) {
        create(write);
      } else {
        act(write);
      }
      write.ended = std::chrono::steady_clock::now();
      if (write.status != 0) {
        ++storm_.answered_;
      }
      const std::lock_guard lock(storm_.mutex_);
      storm_.writes_.push_back(std::move(write));
    }
  }

 private:
  HttpHeaders headers(const Write& write) {
    HttpHeaders headers = {{"Idempotency-Key", write.request_id},
                           {"X-Request-Id", write.request_id}};
    if (dice_() % 4 == 0) {
      headers.emplace_back("Prefer", "respond-async");
    } else {
      headers.emplace_back("Prefer", "wait=3");
    }
    return headers;
  }

  void create(Write& write) {
    harness::NewServer server;
    server.name = write.request_id;
    server.region = dice_() % 4 == 0 ? "eu-west-1" : "us-east-1";
    server.profile = dice_() % 2 == 0 ? "instant" : "standard";
    const HttpAnswer answer = until_answered(write, "/servers", create_body(server));
    if (answer.status == 201) {
      write.server_id = answer.json()["id"].text();
      servers_.push_back(write.server_id);
    }
  }

  void act(Write& write) {
    static const std::vector<std::string> actions = {"stop", "start", "reboot",
                                                     "stop", "start", "terminate"};
    write.server_id = servers_[dice_() % servers_.size()];
    const std::string& action = actions[dice_() % actions.size()];
    until_answered(write, "/servers/" + write.server_id + "/action",
                   fmt::format(R"({{"action":"{}"}})", action));
  }

  /// Again and again under the same key: what was accepted must not happen twice by that.
  HttpAnswer until_answered(Write& write, const std::string& path, const std::string& body) {
    const HttpHeaders with = headers(write);
    HttpAnswer answer;
    harness::eventually(
        [&] {
          try {
            answer = http_.post(path, body, with);
          } catch (const harness::Unreachable&) {
            answer = {};
          }
          const bool final_answer = answer.status != 0 && answer.status < 500;
          write.repeated = write.repeated || !final_answer;
          return final_answer;
        },
        answer_max, milliseconds(50));
    write.status = answer.status < 500 ? answer.status : 0;
    write.code = answer.code();
    return answer;
  }

  Storm& storm_;
  std::size_t number_;
  std::mt19937_64 dice_;
  HttpClient http_;
  std::size_t written_ = 0;
  std::vector<std::string> servers_;
};

Target target_of(harness::Fleet& fleet) {
  return {.writer = [&fleet] { return HttpClient(fleet.api_port(), seconds(20)); },
          .reader = [&fleet] { return fleet.client(); },
          .nats_cli = nats_cli_of(fleet),
          .database_url = [&fleet] { return fleet.database_url(); },
          .wait_until_ready = [&fleet] { fleet.wait_until_ready(ready_max); }};
}

Storm::Storm(harness::Fleet& fleet, std::uint64_t seed, std::size_t clients)
    : Storm(target_of(fleet), seed, clients) {}

Storm::Storm(Target target, std::uint64_t seed, std::size_t clients) : target_(std::move(target)) {
  for (std::size_t number = 0; number < clients; ++number) {
    threads_.emplace_back([this, seed, number](const std::stop_token& stop) {
      Client(*this, seed, number).run(stop);
    });
  }
}

Storm::~Storm() = default;

bool Storm::wait_for_more(std::size_t count, seconds wait_max) const {
  const std::size_t wanted = answered() + count;
  return harness::eventually([&] { return answered() >= wanted; }, wait_max, milliseconds(5));
}

std::vector<Write> Storm::finish() {
  for (std::jthread& thread : threads_) {
    thread.request_stop();
  }
  threads_.clear();
  return std::move(writes_);
}

namespace {

/// All that is wrong in one message: a list of thousands of good things does not help.
class Findings {
 public:
  void add(std::string text) {
    if (++count_ <= 10) {
      first_ += "\n  " + std::move(text);
    }
  }
  void check() const { CHECK_MESSAGE(count_ == 0, count_, " wrong, the first:", first_); }

 private:
  std::size_t count_ = 0;
  std::string first_;
};

void wait_until_quiet(const Target& target) {
  HttpClient client = target.reader();
  CHECK_MESSAGE(
      harness::eventually([&] { return waiting_commands(target.nats_cli) == 0; }, seconds(60)),
      "commands stay in the queue");
  for (const char* status : {"PENDING", "STOPPING", "REBOOTING", "TERMINATING"}) {
    CAPTURE(status);
    CHECK(harness::eventually(
        [&] {
          const HttpAnswer page = client.get(std::string("/servers?limit=1&status=") + status);
          return page.status == 200 && page.json()["total"].integer() == 0;
        },
        seconds(30)));
  }
}

/// Outcomes in the log by the request that asked: the events that bear a command.
std::map<std::string, std::vector<std::string>> outcomes_by_request(const EventLog& log) {
  std::map<std::string, std::vector<std::string>> outcomes;
  for (const auto& [id, events] : log.servers) {
    for (const ServerEvent& event : events) {
      if (!event.command_id.empty()) {
        outcomes[event.request_id].push_back(event.type);
      }
    }
  }
  return outcomes;
}

void check_promises(const EventLog& log, const std::vector<Write>& writes) {
  const auto outcomes = outcomes_by_request(log);
  Findings findings;
  for (const Write& write : writes) {
    const auto found = outcomes.find(write.request_id);
    const std::size_t count = found == outcomes.end() ? 0 : found->second.size();
    const std::string what = fmt::format("{} answered {} {} has {} outcomes", write.request_id,
                                         write.status, write.code, count);
    const bool promised = write.status >= 200 && write.status < 300;
    const bool in_progress = write.code == "operation_in_progress";
    const bool decided = promised || (write.status == 409 && !in_progress);
    if (decided && count != 1) {
      findings.add(what);
    } else if (!decided && count > (write.status == 0 || write.repeated ? 1U : 0U)) {
      findings.add(what);
    }
    const bool carried_out = write.status == 200 || write.status == 201;
    if (count == 1 && carried_out && found->second.front() == "command_rejected") {
      findings.add(write.request_id + " answered as done, but rejected in the log");
    }
  }
  findings.check();
}

void check_versions(const EventLog& log) {
  Findings findings;
  for (const auto& [id, events] : log.servers) {
    std::set<std::string> commands;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i].version != static_cast<std::int64_t>(i + 1)) {
        findings.add(fmt::format("{}: event {} has version {}", id, i + 1, events[i].version));
      }
      if (!events[i].command_id.empty() && !commands.insert(events[i].command_id).second) {
        findings.add(fmt::format("{}: command {} has two outcomes", id, events[i].command_id));
      }
    }
  }
  findings.check();
}

void check_addresses(const Target& target, const EventLog& log) {
  Findings findings;
  std::map<std::string, std::string> in_use;
  for (const auto& [id, events] : log.servers) {
    const ServerEvent& last = events.back();
    if (last.status.empty() || last.status == "TERMINATED") {
      continue;
    }
    if (!in_use.emplace(last.address, id).second) {
      findings.add(fmt::format("{} belongs to {} and {}", last.address, in_use[last.address], id));
    }
    const auto holder = log.holder.find(last.address);
    if (holder == log.holder.end() || holder->second != id) {
      findings.add(fmt::format("{} of {} was claimed by another", last.address, id));
    }
  }
  std::map<std::string, std::string> projected;
  for (const harness::Row& row : harness::query(target.database_url(),
                                                "SELECT region || ' ' || host(ip), server_id "
                                                "FROM vsim.ip_pool WHERE server_id IS NOT NULL")) {
    projected[row[0]] = row[1];
  }
  for (const auto& [address, id] : in_use) {
    if (projected[address] != id) {
      findings.add(
          fmt::format("{} of {} is held by '{}' in ip_pool", address, id, projected[address]));
    }
  }
  findings.check();
  CHECK(projected.size() == in_use.size());
}

bool changes_nothing(const ServerEvent& event) {
  return event.type == "command_rejected" || event.type == "command_purged" ||
         event.type == "command_dead_lettered";
}

/// What the server's document and its ETag show. // D50
std::int64_t version_shown(const std::vector<ServerEvent>& events) {
  const auto change = std::find_if_not(events.rbegin(), events.rend(), changes_nothing);
  return change == events.rend() ? 0 : change->version;
}

void check_read_model(const Target& target, const EventLog& log) {
  Findings findings;
  HttpClient client = target.reader();
  const auto servers = harness::all_servers(client);
  std::size_t expected = 0;
  for (const auto& [id, events] : log.servers) {
    if (events.back().status.empty()) {
      continue;
    }
    ++expected;
    const auto found = servers.find(id);
    if (found == servers.end()) {
      findings.add(id + " is missing");
    } else if (found->second["status"].text() != events.back().status ||
               found->second["version"].integer() != version_shown(events)) {
      findings.add(fmt::format("{} is {} at version {}, in the log {} at {}", id,
                               found->second["status"].text(), found->second["version"].integer(),
                               events.back().status, version_shown(events)));
    }
  }
  findings.check();
  CHECK(servers.size() == expected);
}

}  // namespace

void check_truth(harness::Fleet& fleet, const std::vector<Write>& writes) {
  check_truth(target_of(fleet), writes);
}

void check_truth(const Target& target, const std::vector<Write>& writes) {
  target.wait_until_ready();
  wait_until_quiet(target);
  const EventLog log = read_event_log(target.nats_cli);
  MESSAGE(writes.size(), " writes, ", log.servers.size(), " servers");
  CHECK(writes.size() > 0);
  check_promises(log, writes);
  check_versions(log);
  check_addresses(target, log);
  check_read_model(target, log);
}

}  // namespace e2e
