// `vsimctl terminate --force`: ends a server whatever state it is stuck in, by a command like any
// other; no table is touched. D27

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/vsimctl/commands/submission.h"
#include "ops/vsimctl/subcommands.h"
#include "ops/vsimctl/terminal/consent.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/subjects.h"

namespace vsim::vsimctl {
namespace {

using process::CommonSettings;

struct Wanted {
  ServerId server;
  bool force = false;
  std::string reason;
};

/// The server as its last event left it.
tl::expected<State, std::string> load_server(const CommonSettings& settings, Log& log,
                                             const ServerId& id) {
  const auto filter = messages::any_events_of(id);
  const auto found = log.events().load_last(std::span(&filter, 1));
  if (!found) {
    return failed(explain(settings, found.error()));
  }
  for (const auto& message : *found) {
    const auto logged = messages::decode_event(message);
    if (!logged) {
      return failed("the server's last event cannot be read: " + logged.error());
    }
    const auto* event = std::get_if<messages::ServerLogged>(&*logged);
    if (event != nullptr && event->state.server) {
      return event->state;
    }
  }
  return failed(fmt::format("there is no server {}; GET /servers lists them", id.to_string()));
}

std::string shown(const State& state, const ServerId& id) {
  const auto& server = *state.server;
  auto text = fmt::format("{} ({}) in {} is {}", id.to_string(), name_of(server), state.region.name,
                          to_string(server.status));
  if (const auto* deadline = foreseeable_deadline(server)) {
    text += fmt::format(", due to be {} at {}", to_string(deadline->becomes),
                        messages::format_instant(deadline->due));
  }
  return text;
}

/// A termination that was due already comes first, and leaves the forced one nothing to do.
tl::expected<void, std::string> tell(const CommonSettings& settings, Log& log, const Wanted& wanted,
                                     const CommandOutcome& outcome) {
  const auto state = load_server(settings, log, wanted.server);
  if (!state) {
    return failed(state.error());
  }
  if (outcome.kind != OutcomeKind::succeeded && state->server->status != Status::terminated) {
    return failed(outcome.text);
  }
  const auto reason = state->server->termination_reason;
  fmt::print("{}{}; {} is free again\n", shown(*state, wanted.server),
             reason ? fmt::format(" (reason {})", to_string(*reason)) : "",
             state->server->blueprint.ip.to_string());
  return {};
}

tl::expected<void, std::string> terminate(const CommonSettings& settings, const Wanted& wanted,
                                          const Consent& consent) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  const auto state = load_server(settings, **log, wanted.server);
  if (!state) {
    return failed(state.error());
  }
  const auto server = shown(*state, wanted.server);
  if (state->server->status == Status::terminated) {
    return failed(server + " already; nothing is left to do");
  }
  fmt::print("{}\n", server);
  if (consent.dry_run) {
    fmt::print("dry run: it would be terminated by force: {}\n", wanted.reason);
    return {};
  }
  if (auto sure = confirm("Terminate it by force, for good?", consent.yes); !sure) {
    return sure;
  }
  const auto outcome =
      carry_out(settings, **log, messages::server_command(state->region, wanted.server),
                messages::encode_action(Terminate{wanted.reason}));
  if (!outcome) {
    return failed(outcome.error());
  }
  return tell(settings, **log, wanted, *outcome);
}

std::string check_reason(const std::string& reason) {
  const auto subject = messages::server_command(Region{"any"}, ServerId{});
  const auto decoded =
      messages::decode_command({.subject = subject,
                                .sequence = 1,
                                .stored_at = {},
                                .headers = {},
                                .payload = messages::encode_action(Terminate{reason})});
  return decoded ? "" : decoded.error();
}

}  // namespace

void add_terminate(CLI::App& app, Task& chosen) {
  auto* command = app.add_subcommand("terminate", "Ends a server that is stuck, in any state");
  auto wanted = std::make_shared<Wanted>();
  command
      ->add_option_function<std::string>(
          "SERVER", [wanted](const std::string& id) { wanted->server = {*Uuid::parse(id)}; },
          "The server's id")
      ->check([](const std::string& id) {
        return Uuid::parse(id) ? "" : "\"" + id + "\" is no server id; GET /servers lists them";
      })
      ->required();
  command->add_flag("--force", wanted->force, "At once, whatever it is doing")->required();
  command->add_option("--reason", wanted->reason, "Why; kept in its log")
      ->check(check_reason)
      ->required();
  auto consent = add_consent_flags(*command);
  command->callback([&chosen, wanted, consent] {
    chosen = [=](const CommonSettings& settings) { return terminate(settings, *wanted, *consent); };
  });
}

}  // namespace vsim::vsimctl
