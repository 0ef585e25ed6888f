// `vsimctl lost`: what the read models hold and the log does not, after the log went backwards.
// Until they are made anew, the read models are the only copy of it. Every event is compared, so
// nothing is missed where the log has grown again meanwhile. D49

#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/vsimctl/connections.h"
#include "ops/vsimctl/log/log_reader.h"
#include "ops/vsimctl/subcommands.h"
#include "ops/vsimctl/terminal/table.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/read_model/operations.h"
#include "schema/read_model/server_events.h"

namespace vsim::vsimctl {
namespace {

constexpr std::uint32_t rows_at_once = 5000;
constexpr std::size_t fleet_outcomes_max = 100'000;

/// An event that is not in the log.
struct LostEvent {
  StreamSequence sequence = 0;
  std::string subject;  // a server's id, or a region
  Version version = 0;
  std::string at;
  std::string event;
  std::string message;
  std::size_t mark = 0;
};

/// What tells two events at one place apart.
std::size_t mark_of(const std::string& subject, Version version, std::string_view event,
                    Instant at) {
  return std::hash<std::string>{}(
      fmt::format("{} {} {} {}", subject, version, event, at.time_since_epoch().count()));
}

std::size_t mark_of(const CommandId& command) {
  return std::hash<std::string>{}(command.to_string());
}

class LostEvents {
 public:
  LostEvents(const process::CommonSettings& settings, eventstore::EventStore& events)
      : settings_(settings), events_(events) {}

  /// In the order in which they once stood in EVENTS.
  tl::expected<std::vector<LostEvent>, std::string> find();

 private:
  /// Reads what has not been read yet.
  tl::expected<void, std::string> read_log();
  tl::expected<void, std::string> compare_servers();
  tl::expected<void, std::string> compare_fleet();
  bool holds(StreamSequence sequence, std::size_t mark) const {
    return sequence < marks_.size() && marks_[sequence] == mark;
  }

  const process::CommonSettings& settings_;
  eventstore::EventStore& events_;
  std::vector<std::size_t> marks_{0};  // by the place in EVENTS, which begins at 1
  std::vector<LostEvent> lost_;
};

tl::expected<void, std::string> LostEvents::read_log() {
  const auto end = events_.last_sequence();
  if (!end) {
    return failed(explain(settings_, end.error()));
  }
  const StreamSequence known = marks_.size() - 1;
  if (*end <= known) {
    return {};
  }
  marks_.resize(*end + 1);
  LogReader reader(settings_, events_, known, *end);
  while (true) {
    const auto chunk = reader.next();
    if (!chunk) {
      return failed(chunk.error());
    }
    if (chunk->entries.empty()) {
      return {};
    }
    for (const auto& entry : chunk->entries) {
      auto& mark = marks_.at(entry.sequence);
      if (const auto* server = std::get_if<messages::ServerLogged>(&entry.logged)) {
        const auto& event = server->event;
        mark = mark_of(event.server.to_string(), event.version, event_type(event.data), event.at);
      } else if (const auto* cause = messages::cause_of(entry.logged)) {
        mark = mark_of(cause->command);
      }
    }
  }
}

tl::expected<void, std::string> LostEvents::compare_servers() {
  read_model::ConnectionPool database(settings_.database_url, 1, read_model::operator_limits);
  ServerId server;
  Version version = 0;
  while (true) {
    const auto rows = database.read([&](read_model::Transaction& tx) {
      return read_model::list_all_server_events(tx, server, version, rows_at_once);
    });
    if (!rows) {
      return failed(explain(settings_, rows.error()));
    }
    for (const auto& [id, event] : *rows) {
      const auto mark = mark_of(id.to_string(), event.version, event.event, event.at);
      if (holds(event.sequence, mark)) {
        continue;
      }
      lost_.push_back({.sequence = event.sequence,
                       .subject = id.to_string(),
                       .version = event.version,
                       .at = messages::format_instant(event.at),
                       .event = event.event,
                       .message = event.message,
                       .mark = mark});
    }
    if (rows->size() < rows_at_once) {
      return {};
    }
    server = rows->back().server;
    version = rows->back().event.version;
  }
}

tl::expected<void, std::string> LostEvents::compare_fleet() {
  const auto rows = query(settings_, [](read_model::Transaction& tx) {
    return read_model::list_fleet_outcomes(tx, fleet_outcomes_max);
  });
  if (!rows) {
    return failed(rows.error());
  }
  for (const auto& row : *rows) {
    const CommandId command{Uuid::parse(row.id).value_or(Uuid{})};
    const auto mark = mark_of(command);
    if (holds(row.event_sequence, mark)) {
      continue;
    }
    const auto at = row.decided_at ? messages::format_instant(*row.decided_at) : "";
    lost_.push_back({.sequence = row.event_sequence,
                     .subject = row.region,
                     .version = row.version,
                     .at = at,
                     .event = row.type,
                     .message = row.status,
                     .mark = mark});
  }
  return {};
}

tl::expected<std::vector<LostEvent>, std::string> LostEvents::find() {
  if (auto done = read_log(); !done) {
    return failed(done.error());
  }
  if (auto done = compare_servers(); !done) {
    return failed(done.error());
  }
  if (auto done = compare_fleet(); !done) {
    return failed(done.error());
  }
  // What was projected while this looked stands behind the end that it had read to.
  if (auto done = read_log(); !done) {
    return failed(done.error());
  }
  std::erase_if(lost_, [this](const auto& event) { return holds(event.sequence, event.mark); });
  std::sort(lost_.begin(), lost_.end(),
            [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  return std::move(lost_);
}

tl::expected<void, std::string> print_lost(const process::CommonSettings& settings) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  const auto lost = LostEvents(settings, (*log)->events()).find();
  if (!lost) {
    return failed(lost.error());
  }
  Table table({"SEQUENCE", "OF", "VERSION", "TIME", "EVENT", "MESSAGE"});
  for (const auto& event : *lost) {
    table.add({std::to_string(event.sequence), event.subject, std::to_string(event.version),
               event.at, event.event, event.message});
  }
  if (!lost->empty()) {
    table.print();
  }
  fmt::print("{} events of the read models are not in EVENTS\n", lost->size());
  return {};
}

}  // namespace

void add_lost(CLI::App& app, Task& chosen) {
  app.add_subcommand("lost",
                     "Lists what the read models hold and EVENTS does not, after it went backwards")
      ->callback([&chosen] { chosen = print_lost; });
}

}  // namespace vsim::vsimctl
