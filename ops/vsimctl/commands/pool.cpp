// `vsimctl pool`: the regions' addresses, and more of them.

#include "domain/pool.h"

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/vsimctl/commands/submission.h"
#include "ops/vsimctl/subcommands.h"
#include "ops/vsimctl/terminal/address_text.h"
#include "ops/vsimctl/terminal/table.h"
#include "schema/messages/pool_codec.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/regions.h"

namespace vsim::vsimctl {
namespace {

using process::CommonSettings;

struct Addition {
  Region region;
  AddressRange range;
};

tl::expected<void, std::string> list_pools(const CommonSettings& settings) {
  const auto regions = query(settings, read_model::list_regions);
  if (!regions) {
    return failed(regions.error());
  }
  Table table({"REGION", "ADDRESSES", "FREE"});
  for (const auto& region : *regions) {
    table.add({region.name, std::to_string(region.addresses_total),
               std::to_string(region.addresses_free)});
  }
  table.print();
  return {};
}

tl::expected<void, std::string> check_region(const CommonSettings& settings, Log& log,
                                             const Region& region) {
  const auto subject = messages::pool_events(region);
  const auto found = log.events().load_last(std::span(&subject, 1));
  if (!found) {
    return failed(explain(settings, found.error()));
  }
  if (!found->empty()) {
    return {};
  }
  return failed(fmt::format("there is no region {}; vsimctl pool lists them", region.name));
}

tl::expected<void, std::string> add(const CommonSettings& settings, const Addition& addition) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  if (auto known = check_region(settings, **log, addition.region); !known) {
    return known;
  }
  const auto outcome = carry_out(settings, **log, messages::pool_command(addition.region),
                                 messages::encode_extend_pool({addition.range}));
  if (!outcome) {
    return failed(outcome.error());
  }
  if (outcome->kind != OutcomeKind::succeeded) {
    return failed(outcome->text);
  }
  fmt::print("{} has {} to {}\n", addition.region.name, addition.range.first.to_string(),
             addition.range.last.to_string());
  return {};
}

}  // namespace

void add_pool(CLI::App& app, Task& chosen) {
  auto* pool = app.add_subcommand("pool", "The regions' addresses");
  pool->require_subcommand(0, 1);
  pool->callback([pool, &chosen] {
    if (pool->get_subcommands().empty()) {
      chosen = list_pools;
    }
  });
  pool->add_subcommand("list", "How many there are, and how many are free")->callback([&chosen] {
    chosen = list_pools;
  });

  auto* add_command = pool->add_subcommand("add", "Adds addresses to a region's pool");
  auto addition = std::make_shared<Addition>();
  add_command
      ->add_option_function<std::string>(
          "REGION", [addition](const std::string& name) { addition->region = {name}; },
          "The region, such as us-east-1")
      ->check([](const std::string& name) {
        return Region::parse(name) ? "" : "\"" + name + "\" is no region's name";
      })
      ->required();
  add_command
      ->add_option_function<std::string>(
          "RANGE", [addition](const std::string& text) { addition->range = *read_addresses(text); },
          "10.0.0.0/24, without its first and last address (a /31 or /32 is added whole), or "
          "10.0.0.1-10.0.0.9")
      ->check([](const std::string& text) {
        const auto range = read_addresses(text);
        return range ? "" : range.error();
      })
      ->required();
  add_command->callback([&chosen, addition] {
    chosen = [addition](const CommonSettings& settings) { return add(settings, *addition); };
  });
}

}  // namespace vsim::vsimctl
