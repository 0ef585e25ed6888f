// `vsimctl clock`: simulated time, read and moved.

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "domain/decimal.h"
#include "ops/process/setting_values.h"
#include "ops/vsimctl/commands/submission.h"
#include "ops/vsimctl/subcommands.h"
#include "schema/messages/clock_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/subjects.h"

namespace vsim::vsimctl {
namespace {

using process::CommonSettings;

tl::expected<void, std::string> show(const CommonSettings& settings, Log& log) {
  const auto clock = load_clock(settings, log);
  if (!clock) {
    return failed(clock.error());
  }
  const auto wall = log.now(settings);
  if (!wall) {
    return failed(wall.error());
  }
  const auto now = simulated_at(*clock, *wall);
  fmt::print("now                {}\nscale              {}\nseed               {}\n",
             messages::format_instant(now), clock->time.scale, clock->time.seed);
  fmt::print("deadlines applied  {}\n", messages::format_instant(clock->deadlines_applied_through));
  return {};
}

tl::expected<void, std::string> read(const CommonSettings& settings) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  return show(settings, **log);
}

tl::expected<void, std::string> change(const CommonSettings& settings, const ClockAction& action) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  const auto outcome = carry_out(settings, **log, std::string(messages::clock_command_subject),
                                 messages::encode_clock_action(action));
  if (!outcome) {
    return failed(outcome.error());
  }
  if (outcome->kind != OutcomeKind::succeeded) {
    return failed(outcome->text);
  }
  return show(settings, **log);
}

tl::expected<ClockAction, std::string> checked(ClockAction action) {
  if (auto why = out_of_range(action)) {
    return failed(*why);
  }
  return action;
}

tl::expected<ClockAction, std::string> read_advance(const std::string& text) {
  const auto by = process::read_duration(text, "h");
  if (!by) {
    return failed(by.error());
  }
  return checked(AdvanceClock{*by});
}

tl::expected<ClockAction, std::string> read_scale(const std::string& text) {
  const auto scale = read_decimal_fraction(text);
  if (!scale) {
    return failed("\"" + text +
                  "\" is no number; give digits such as 60 or 0.5, without zeros in front");
  }
  return checked(ScaleClock{*scale});
}

using ReadAction = tl::expected<ClockAction, std::string> (*)(const std::string&);

/// A subcommand with one argument, which is an action of the clock.
void add_change(CLI::App& clock, Task& chosen, const std::string& name, const std::string& argument,
                const std::string& help, ReadAction read_action) {
  auto* command = clock.add_subcommand(name, help);
  auto text = std::make_shared<std::string>();
  command->add_option(argument, *text)
      ->check([read_action](const std::string& given) {
        const auto action = read_action(given);
        return action ? "" : action.error();
      })
      ->required();
  command->callback([&chosen, text, read_action] {
    chosen = [action = *read_action(*text)](const CommonSettings& settings) {
      return change(settings, action);
    };
  });
}

}  // namespace

void add_clock(CLI::App& app, Task& chosen) {
  auto* clock = app.add_subcommand("clock", "Simulated time");
  clock->require_subcommand(0, 1);
  clock->callback([clock, &chosen] {
    if (clock->get_subcommands().empty()) {
      chosen = read;
    }
  });
  add_change(*clock, chosen, "advance", "DURATION",
             "Moves time ahead, through all that falls due on the way; such as 90m or 30d",
             read_advance);
  add_change(*clock, chosen, "scale", "X", "Lets time run X times as fast as the wall's",
             read_scale);
}

}  // namespace vsim::vsimctl
