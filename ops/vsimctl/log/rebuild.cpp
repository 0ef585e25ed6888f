// `vsimctl rebuild`: new read models beside the live ones, made from the first event on, and
// swapped in once they have caught up. Reads go on all the while, and none is older than one
// before. D24

#include "ops/vsimctl/log/rebuild.h"

#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/vsimctl/log/live_model.h"
#include "ops/vsimctl/log/model_filling.h"
#include "ops/vsimctl/migrate/schema_files.h"
#include "ops/vsimctl/terminal/consent.h"
#include "schema/read_model/live_hold.h"

namespace vsim::vsimctl {
namespace {

using read_model::LiveHold;
using read_model::NextModel;

constexpr StreamSequence swap_gap_max = 1000;  // events to apply while projectors wait
constexpr int catch_up_rounds_max = 100;

class Rebuild {
 public:
  Rebuild(const process::CommonSettings& settings, eventstore::EventStore& events,
          std::string owner_url)
      : settings_(settings), events_(events), owner_url_(std::move(owner_url)) {}

  /// What there is, and what would be done; printed.
  tl::expected<LiveModel::State, std::string> plan();
  tl::expected<void, std::string> run(const Catalogue& catalogue);

 private:
  template <typename T, typename Error>
  tl::expected<T, std::string> translated(tl::expected<T, Error> result) const {
    if (!result) {
      return tl::unexpected(explain(settings_, result.error()));
    }
    return std::move(*result);
  }
  tl::expected<LiveModel, std::string> look_at_live() const;
  tl::expected<void, std::string> narrow_gap(ModelFilling& filling, const NextModel& model) const;
  tl::expected<void, std::string> swap(ModelFilling& filling) const;
  tl::expected<void, std::string> drop_replaced() const;

  const process::CommonSettings& settings_;
  eventstore::EventStore& events_;
  std::string owner_url_;
};

tl::expected<LiveModel, std::string> Rebuild::look_at_live() const {
  const auto live = translated(read_model::live_checkpoint(owner_url_));
  if (!live) {
    return tl::unexpected(live.error());
  }
  return compare_with_log(settings_, events_, *live);
}

tl::expected<LiveModel::State, std::string> Rebuild::plan() {
  const auto end = translated(events_.last_sequence());
  if (!end) {
    return tl::unexpected(end.error());
  }
  const auto live = look_at_live();
  if (!live) {
    return tl::unexpected(live.error());
  }
  fmt::print("EVENTS holds {} events. New read models are made of them in schema {}.\n",
             with_commas(*end), read_model::rebuild_schema);
  const auto stand = with_commas(live->checkpoint.sequence);
  switch (live->state) {
    case LiveModel::State::fits:
      fmt::print(
          "The live ones stand at event {} and answer until the swap; none of them is "
          "changed before.\n",
          stand);
      break;
    case LiveModel::State::missing:
      fmt::print("There are no live ones: reads are answered from the swap on.\n");
      break;
    case LiveModel::State::other_log:
      fmt::print(
          "The live ones stand at event {}, which is another one in EVENTS: the log went "
          "backwards. From the swap on reads show what EVENTS holds, which may be older "
          "than what they showed before.\n",
          stand);
      break;
  }
  return live->state;
}

tl::expected<void, std::string> Rebuild::run(const Catalogue& catalogue) {
  const auto end = translated(events_.last_sequence());
  if (!end) {
    return tl::unexpected(end.error());
  }
  auto model = translated(
      NextModel::begin(owner_url_, settings_.schema_dir, read_model::rebuild_schema, catalogue));
  if (!model) {
    return tl::unexpected(model.error());
  }
  ModelFilling filling(settings_, events_, **model);
  const auto began = std::chrono::steady_clock::now();
  {
    Progress progress(*end);
    if (auto loaded = filling.load(*end, progress); !loaded) {
      return loaded;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fmt::print("loaded and indexed {} events in {:.1f} s, {}/s\n", with_commas(*end), took.count(),
             with_commas(static_cast<std::uint64_t>(static_cast<double>(*end) / took.count())));
  if (auto caught_up = narrow_gap(filling, **model); !caught_up) {
    return caught_up;
  }
  if (auto swapped = swap(filling); !swapped) {
    return swapped;
  }
  fmt::print("swapped in at event {}\n", with_commas((*model)->checkpoint().sequence));
  return drop_replaced();
}

tl::expected<void, std::string> Rebuild::narrow_gap(ModelFilling& filling,
                                                    const NextModel& model) const {
  for (int round = 0; round < catch_up_rounds_max; ++round) {
    const auto end = translated(events_.last_sequence());
    if (!end) {
      return tl::unexpected(end.error());
    }
    if (*end <= model.checkpoint().sequence + swap_gap_max) {
      return {};
    }
    if (auto caught_up = filling.catch_up(*end); !caught_up) {
      return caught_up;
    }
  }
  return {};  // events come as fast as they can be applied: the rest is done while they wait
}

/// The projector waits from the hold on, so nothing that anybody has read is ahead of the new
/// model.
tl::expected<void, std::string> Rebuild::swap(ModelFilling& filling) const {
  auto hold = translated(LiveHold::take(owner_url_));
  if (!hold) {
    return tl::unexpected(hold.error() + "; the live read models are as before");
  }
  const auto live = compare_with_log(settings_, events_, (*hold)->checkpoint());
  if (!live) {
    return tl::unexpected(live.error());
  }
  const bool fits = live->state == LiveModel::State::fits;
  const auto end = translated(events_.last_sequence());
  if (!end) {
    return tl::unexpected(end.error());
  }
  if (auto caught_up = filling.catch_up(fits ? live->checkpoint.sequence : *end); !caught_up) {
    return caught_up;
  }
  auto swapped = (*hold)->swap_in(read_model::rebuild_schema, fits);
  if (!swapped) {
    return tl::unexpected(explain(settings_, swapped.error()));
  }
  return {};
}

tl::expected<void, std::string> Rebuild::drop_replaced() const {
  const auto dropped = translated(read_model::drop_replaced_model(owner_url_));
  if (!dropped) {
    return tl::unexpected(dropped.error());
  }
  if (!*dropped) {
    fmt::print(
        "the former read models are still being read; drop them later: "
        "DROP SCHEMA vsim_old CASCADE\n");
  }
  return {};
}

tl::expected<void, std::string> rebuild(const process::CommonSettings& settings,
                                        const Consent& consent) {
  const auto catalogue = read_catalogue(settings);
  if (!catalogue) {
    return tl::unexpected(catalogue.error());
  }
  auto log = Log::open(settings);
  if (!log) {
    return tl::unexpected(log.error());
  }
  const auto owner_url = read_model::as_owner(settings.database_url);
  if (!owner_url) {
    return tl::unexpected(explain(settings, owner_url.error()));
  }
  return rebuild_from(settings, (*log)->events(), *owner_url, *catalogue, consent);
}

}  // namespace

tl::expected<void, std::string> rebuild_from(const process::CommonSettings& settings,
                                             eventstore::EventStore& events,
                                             const std::string& owner_url,
                                             const Catalogue& catalogue, const Consent& consent) {
  Rebuild rebuild(settings, events, owner_url);
  if (const auto planned = rebuild.plan(); !planned) {
    return tl::unexpected(planned.error());
  }
  if (consent.dry_run) {
    return {};
  }
  if (auto agreed = confirm("Rebuild the read models?", consent.yes); !agreed) {
    return agreed;
  }
  return rebuild.run(catalogue);
}

void add_rebuild(CLI::App& app, Task& chosen) {
  auto* command = app.add_subcommand(
      "rebuild", "Makes new read models from EVENTS beside the live ones, and swaps them in");
  const auto consent = add_consent_flags(*command);
  command->callback([&chosen, consent] {
    chosen = [consent](const process::CommonSettings& settings) {
      return rebuild(settings, *consent);
    };
  });
}

}  // namespace vsim::vsimctl
