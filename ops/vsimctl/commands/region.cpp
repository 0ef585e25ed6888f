// `vsimctl region`: what goes wrong in a region, shown, set and lifted.

#include "domain/region.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "domain/decimal.h"
#include "ops/process/setting_values.h"
#include "ops/vsimctl/commands/submission.h"
#include "ops/vsimctl/subcommands.h"
#include "ops/vsimctl/terminal/table.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/subjects.h"

namespace vsim::vsimctl {
namespace {

using process::CommonSettings;

/// What the arguments ask for.
struct Asked {
  Region region;
  SetIncident set;
};

std::string shown(const std::optional<Instant>& at) {
  return at ? messages::format_instant(*at) : "it is lifted";
}

/// From the log, so it works without Postgres.
tl::expected<std::vector<messages::RegionLogged>, std::string> load_regions(
    const CommonSettings& settings, Log& log) {
  const std::string all(messages::all_region_events);
  const auto found = log.events().load_last(std::span(&all, 1));
  if (!found) {
    return failed(explain(settings, found.error()));
  }
  std::vector<messages::RegionLogged> regions;
  for (const auto& message : *found) {
    auto logged = messages::decode_event(message);
    if (auto* region = logged ? std::get_if<messages::RegionLogged>(&*logged) : nullptr) {
      regions.push_back(std::move(*region));
    }
  }
  std::sort(regions.begin(), regions.end(), [](const auto& one, const auto& other) {
    return one.event.region < other.event.region;
  });
  return regions;
}

tl::expected<void, std::string> show_incidents(const CommonSettings& settings) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  const auto clock = load_clock(settings, **log);
  const auto regions = load_regions(settings, **log);
  if (!clock || !regions) {
    return failed(clock ? regions.error() : clock.error());
  }
  const auto wall = (*log)->now(settings);
  if (!wall) {
    return failed(wall.error());
  }
  Table table({"REGION", "SINCE", "UNTIL", "INCIDENT"});
  for (const auto& [event, state] : *regions) {
    if (const auto* known = incident_at(state, simulated_at(*clock, *wall))) {
      table.add({event.region.name, messages::format_instant(known->began),
                 shown(known->incident.until), messages::incident_json(known->incident)});
    }
  }
  table.print();
  return {};
}

tl::expected<void, std::string> tell_region(const CommonSettings& settings, const Region& region,
                                            const RegionAction& action, const char* done) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  const auto outcome = carry_out(settings, **log, messages::region_command(region),
                                 messages::encode_region_action(action));
  if (!outcome) {
    return failed(outcome.error());
  }
  if (outcome->kind != OutcomeKind::succeeded) {
    return failed(outcome->text);
  }
  fmt::print("{} {}\n", region.name, done);
  return {};
}

void add_region_argument(CLI::App& command, const std::shared_ptr<Asked>& asked) {
  command
      .add_option_function<std::string>(
          "REGION", [asked](const std::string& name) { asked->region = {name}; },
          "The region, such as us-east-1")
      ->check([](const std::string& name) {
        return Region::parse(name) ? "" : "\"" + name + "\" is no region's name";
      })
      ->required();
}

std::string complaint_about_number(const std::string& text) {
  return read_decimal_fraction(text) ? ""
                                     : "\"" + text +
                                           "\" is no number; give digits such as 3 or 0.5, "
                                           "without zeros in front";
}

void add_end(CLI::App& set, const std::shared_ptr<Asked>& asked) {
  set.add_option_function<std::string>(
         "--until",
         [asked](const std::string& text) {
           asked->set.incident.until = messages::parse_instant(text);
         },
         "When it ends, in simulated time, such as 2026-03-01T12:00:00Z")
      ->check([](const std::string& text) {
        return messages::parse_instant(text)
                   ? ""
                   : "\"" + text + "\" is no time in UTC such as 2026-03-01T12:00:00Z";
      });
  set.add_option_function<std::string>(
         "--for",
         [asked](const std::string& text) {
           asked->set.lasting = *process::read_duration(text, "h");
         },
         "How long it lasts, in simulated time, such as 90m; without either until it is lifted")
      ->check([](const std::string& text) {
        const auto length = process::read_duration(text, "h");
        return length ? "" : length.error();
      });
}

// What the worker would say of it.
std::string complaint_about(const RegionAction& action) {
  if (auto why = out_of_range(action)) {
    return std::move(*why);
  }
  const auto decoded =
      messages::decode_command({.subject = messages::region_command(Region{"any"}),
                                .sequence = 1,
                                .stored_at = {},
                                .headers = {},
                                .payload = messages::encode_region_action(action)});
  return decoded ? decoded->complaint : decoded.error();
}

void add_set(CLI::App& region, Task& chosen) {
  auto* set = region.add_subcommand("set", "Lets something go wrong in a region");
  auto asked = std::make_shared<Asked>();
  auto& incident = asked->set.incident;
  add_region_argument(*set, asked);
  set->add_option_function<std::string>(
         "--outage",
         [&incident](const std::string& name) { incident.outage = outage_effect_from(name); },
         "No creates and starts; servers that run are untouched, impaired or stopped")
      ->check([](const std::string& name) {
        return outage_effect_from(name)
                   ? ""
                   : "\"" + name + "\" is none of untouched, impaired, stopped";
      });
  set->add_option("--no-type", incident.types_out,
                  "No creates and starts of this instance type; may be repeated");
  const auto number = [set](const char* name, double& to, const char* help) {
    set->add_option_function<std::string>(
           name, [&to](const std::string& text) { to = *read_decimal_fraction(text); }, help)
        ->check(complaint_about_number);
  };
  number("--delay-factor", incident.delay_factor, "Transitions take so many times as long");
  number("--failure-rate", incident.failure_rate,
         "So many creates, starts and reboots fail, 0 to 1");
  set->add_option("--reason", incident.reason, "Why, as a sentence for people");
  add_end(*set, asked);
  set->callback([&chosen, asked] {
    if (const auto why = complaint_about(asked->set); !why.empty()) {
      throw CLI::ValidationError(why);
    }
    chosen = [asked](const CommonSettings& settings) {
      return tell_region(settings, asked->region, asked->set, "has an incident");
    };
  });
}

}  // namespace

void add_region(CLI::App& app, Task& chosen) {
  auto* region = app.add_subcommand("region", "What goes wrong in the regions");
  region->require_subcommand(0, 1);
  region->callback([region, &chosen] {
    if (region->get_subcommands().empty()) {
      chosen = show_incidents;
    }
  });
  region->add_subcommand("show", "The incidents in force")->callback([&chosen] {
    chosen = show_incidents;
  });
  add_set(*region, chosen);
  auto* lift = region->add_subcommand("lift", "Ends a region's incident");
  auto asked = std::make_shared<Asked>();
  add_region_argument(*lift, asked);
  lift->callback([&chosen, asked] {
    chosen = [asked](const CommonSettings& settings) {
      return tell_region(settings, asked->region, LiftIncident{}, "has no incident any more");
    };
  });
}

}  // namespace vsim::vsimctl
