// `vsimctl history`: a server's events, or the server as it was after one of them or at an instant.
// From the log alone: Postgres is not asked.

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/process/server_of_log.h"
#include "ops/vsimctl/connections.h"
#include "ops/vsimctl/subcommands.h"
#include "ops/vsimctl/terminal/moment.h"
#include "ops/vsimctl/terminal/number_option.h"
#include "ops/vsimctl/terminal/table.h"
#include "schema/http/documents.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/server_events.h"

namespace vsim::vsimctl {
namespace {

using eventstore::Message;

struct HistoryArguments {
  std::string server;
  std::string at;       // empty: not asked
  Version version = 0;  // 0: not asked
};

class History {
 public:
  History(const process::CommonSettings& settings, Log& log, ServerId server)
      : settings_(settings), log_(log), events_(log.events()), server_(server) {}

  tl::expected<void, std::string> print_events() const;
  tl::expected<void, std::string> print_at(const std::string& time) const;
  tl::expected<void, std::string> print_version(Version version) const;

 private:
  tl::expected<std::vector<Message>, std::string> messages() const;
  tl::expected<Instant, std::string> now() const;
  tl::expected<void, std::string> print(
      const eventstore::Result<std::optional<read_model::ServerRow>>& row, Instant at,
      const std::string& when) const;

  const process::CommonSettings& settings_;
  Log& log_;
  eventstore::EventStore& events_;
  ServerId server_;
};

tl::expected<std::vector<Message>, std::string> History::messages() const {
  auto history = events_.load_history(messages::any_events_of(server_));
  if (!history) {
    return failed(explain(settings_, history.error()));
  }
  if (history->empty()) {
    return failed(
        fmt::format("EVENTS holds no server {}; look for its id with vsimctl status, or "
                    "GET /servers?name=NAME",
                    server_.to_string()));
  }
  return std::move(*history);
}

tl::expected<Instant, std::string> History::now() const {
  const auto clock = load_clock(settings_, log_);
  if (!clock) {
    return failed(clock.error());
  }
  const auto wall = log_.now(settings_);
  if (!wall) {
    return failed(wall.error());
  }
  return simulated_at(*clock, *wall);
}

tl::expected<void, std::string> History::print_events() const {
  const auto history = messages();
  if (!history) {
    return failed(history.error());
  }
  Table table({"VERSION", "TIME", "EVENT", "STATUS", "MESSAGE", "ACTOR", "SEQUENCE"});
  for (const Message& message : *history) {
    const auto logged = messages::decode_event(message);
    const auto* server = logged ? std::get_if<messages::ServerLogged>(&*logged) : nullptr;
    if (server == nullptr) {
      table.add(
          {"?", "", "", "",
           logged ? "of a type that this build does not know" : "cannot be read: " + logged.error(),
           "", std::to_string(message.sequence)});
      continue;
    }
    const auto& [event, state] = *server;
    table.add({std::to_string(event.version), messages::format_instant(event.at),
               std::string(event_type(event.data)),
               std::string(state.server ? to_string(state.server->status) : ""),
               read_model::event_message(event, state), event.origin.actor,
               std::to_string(message.sequence)});
  }
  table.print();
  return {};
}

tl::expected<void, std::string> History::print(
    const eventstore::Result<std::optional<read_model::ServerRow>>& row, Instant at,
    const std::string& when) const {
  if (!row) {
    return failed(explain(settings_, row.error()));
  }
  if (!*row) {
    return failed(fmt::format("server {} did not exist {}", server_.to_string(), when));
  }
  fmt::print("{}\n", http::render_server(**row, at));
  return {};
}

tl::expected<void, std::string> History::print_at(const std::string& time) const {
  const auto present = now();
  if (!present) {
    return failed(present.error());
  }
  const auto at = read_moment(time, *present);
  if (!at) {
    return failed(at.error());
  }
  if (*at > *present) {
    return failed(fmt::format("{} has not come yet: it is {}; give an earlier time",
                              messages::format_instant(*at), messages::format_instant(*present)));
  }
  if (const auto history = messages(); !history) {
    return failed(history.error());
  }
  return print(process::server_at(events_, server_, *at), *at,
               "at " + messages::format_instant(*at));
}

tl::expected<void, std::string> History::print_version(Version version) const {
  const auto history = messages();
  if (!history) {
    return failed(history.error());
  }
  for (const Message& message : *history) {
    const auto logged = messages::decode_event(message);
    const auto* server = logged ? std::get_if<messages::ServerLogged>(&*logged) : nullptr;
    if (server == nullptr || server->event.version != version) {
      continue;
    }
    const Instant at = server->event.at;
    return print(process::server_after(events_, message, at), at,
                 fmt::format("at version {}", version));
  }
  return failed(fmt::format("server {} has versions 1 to {}, no version {}", server_.to_string(),
                            history->size(), version));
}

tl::expected<void, std::string> history(const process::CommonSettings& settings,
                                        const HistoryArguments& arguments) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  const History history(settings, **log, ServerId{Uuid::parse(arguments.server).value()});
  if (!arguments.at.empty()) {
    return history.print_at(arguments.at);
  }
  if (arguments.version > 0) {
    return history.print_version(arguments.version);
  }
  return history.print_events();
}

}  // namespace

void add_history(CLI::App& app, Task& chosen) {
  auto* command = app.add_subcommand(
      "history", "A server's events, or the server as it was at an instant or version");
  auto arguments = std::make_shared<HistoryArguments>();
  command->add_option("SERVER", arguments->server, "its id")
      ->required()
      ->check([](const std::string& text) {
        return Uuid::parse(text) ? std::string() : text + " is no server's id (a UUID)";
      });
  auto* at = command->add_option("--at", arguments->at,
                                 "as it was at this simulated time (RFC 3339, or 2h ago)");
  add_number(*command, "--version", arguments->version, "as it was after this event")->excludes(at);
  command->callback([&chosen, arguments] {
    if (!arguments->at.empty()) {
      // Whether the text is a time at all does not depend on what time it is.
      if (auto read = read_moment(arguments->at, Instant{}); !read) {
        throw CLI::ValidationError("--at", read.error());
      }
    }
    chosen = [arguments](const process::CommonSettings& settings) {
      return history(settings, *arguments);
    };
  });
}

}  // namespace vsim::vsimctl
