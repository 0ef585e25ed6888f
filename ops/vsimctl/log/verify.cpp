// `vsimctl verify`: whether the log is its own fold, and Postgres the log's. What the live read
// models hold is compared with what is made of EVENTS in a schema beside them, at the same event.
// D25

#include "ops/vsimctl/log/verify.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/vsimctl/log/live_model.h"
#include "ops/vsimctl/log/log_fold.h"
#include "ops/vsimctl/log/model_filling.h"
#include "ops/vsimctl/migrate/schema_files.h"
#include "schema/read_model/live_hold.h"
#include "schema/read_model/model_comparison.h"

namespace vsim::vsimctl {
namespace {

using read_model::ModelComparison;
using read_model::NextModel;

constexpr StreamSequence hold_gap_max = 1000;  // events to apply while projectors wait

class Verification {
 public:
  Verification(const process::CommonSettings& settings, eventstore::EventStore& events,
               std::string owner_url)
      : settings_(settings), events_(events), owner_url_(std::move(owner_url)) {}

  tl::expected<Verified, std::string> run(const Catalogue& catalogue);

 private:
  tl::expected<StreamSequence, std::string> live_sequence() const;
  tl::expected<void, std::string> fill(ModelFilling& filling, const NextModel& model) const;
  tl::expected<std::unique_ptr<ModelComparison>, std::string> compare_at_one_event(
      ModelFilling& filling) const;

  const process::CommonSettings& settings_;
  eventstore::EventStore& events_;
  std::string owner_url_;
};

/// Where the live model stands, if that is a place in this log.
tl::expected<StreamSequence, std::string> Verification::live_sequence() const {
  const auto checkpoint = read_model::live_checkpoint(owner_url_);
  if (!checkpoint) {
    return failed(explain(settings_, checkpoint.error()));
  }
  const auto live = compare_with_log(settings_, events_, *checkpoint);
  if (!live) {
    return failed(live.error());
  }
  switch (live->state) {
    case LiveModel::State::fits:
      return live->checkpoint.sequence;
    case LiveModel::State::missing:
      return failed("there are no read models to verify; make them with vsimctl rebuild");
    case LiveModel::State::other_log:
      return failed(
          fmt::format("projection_checkpoint, row EVENTS: message {} of EVENTS is not the one that "
                      "was projected; the log went backwards, or the row was changed; see vsimctl "
                      "rebuild",
                      live->checkpoint.sequence));
  }
  return StreamSequence{0};
}

tl::expected<void, std::string> Verification::fill(ModelFilling& filling,
                                                   const NextModel& model) const {
  auto through = live_sequence();
  if (!through) {
    return failed(through.error());
  }
  {
    Progress progress(*through);
    if (auto loaded = filling.load(*through, progress); !loaded) {
      return loaded;
    }
  }
  while (true) {
    through = live_sequence();
    if (!through) {
      return failed(through.error());
    }
    if (*through <= model.checkpoint().sequence + hold_gap_max) {
      return {};
    }
    if (auto caught_up = filling.catch_up(*through); !caught_up) {
      return caught_up;
    }
  }
}

/// While the live model is held, ours is brought to the same event; what is compared is as it was
/// then, also when the projector goes on.
tl::expected<std::unique_ptr<ModelComparison>, std::string> Verification::compare_at_one_event(
    ModelFilling& filling) const {
  const auto hold = read_model::LiveHold::take(owner_url_);
  if (!hold) {
    return failed(explain(settings_, hold.error()));
  }
  const auto through = live_sequence();
  if (!through) {
    return failed(through.error());
  }
  if (auto caught_up = filling.catch_up(*through); !caught_up) {
    return failed(caught_up.error());
  }
  auto comparison = ModelComparison::begin(owner_url_, read_model::comparison_schema);
  if (!comparison) {
    return failed(explain(settings_, comparison.error()));
  }
  return std::move(*comparison);
}

tl::expected<Verified, std::string> Verification::run(const Catalogue& catalogue) {
  if (const auto live = live_sequence(); !live) {
    return failed(live.error());
  }
  auto model =
      NextModel::begin(owner_url_, settings_.schema_dir, read_model::comparison_schema, catalogue);
  if (!model) {
    return failed(explain(settings_, model.error()));
  }
  LogFold fold(events_);
  ModelFilling filling(settings_, events_, **model,
                       [&](const LogChunk::Entry& entry) { return fold.add(entry); });
  if (auto filled = fill(filling, **model); !filled) {
    return failed(filled.error());
  }
  const auto comparison = compare_at_one_event(filling);
  if (!comparison) {
    return failed(comparison.error());
  }
  const auto difference = (*comparison)->first_difference();
  if (!difference) {
    return failed(explain(settings_, difference.error()));
  }
  if (*difference) {
    const auto& found = **difference;
    return failed(
        fmt::format("table {}, row {}{}: expected {}, found {}; vsimctl rebuild makes "
                    "the tables anew",
                    found.table, found.row, found.column.empty() ? "" : ", " + found.column,
                    found.expected, found.found));
  }
  return Verified{.events = (*model)->checkpoint().sequence,
                  .servers = fold.servers(),
                  .rows = (*comparison)->rows(),
                  .tables = (*comparison)->tables()};
}

tl::expected<void, std::string> verify(const process::CommonSettings& settings) {
  const auto catalogue = read_catalogue(settings);
  if (!catalogue) {
    return failed(catalogue.error());
  }
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  const auto owner_url = read_model::as_owner(settings.database_url);
  if (!owner_url) {
    return failed(explain(settings, owner_url.error()));
  }
  const auto verified = verify_log(settings, (*log)->events(), *owner_url, *catalogue);
  if (!verified) {
    return failed(verified.error());
  }
  fmt::print("verified {} events of {} servers, and {} rows in {} tables: no difference\n",
             with_commas(verified->events), with_commas(verified->servers),
             with_commas(verified->rows), verified->tables);
  return {};
}

}  // namespace

tl::expected<Verified, std::string> verify_log(const process::CommonSettings& settings,
                                               eventstore::EventStore& events,
                                               const std::string& owner_url,
                                               const Catalogue& catalogue) {
  return Verification(settings, events, owner_url).run(catalogue);
}

void add_verify(CLI::App& app, Task& chosen) {
  app.add_subcommand("verify",
                     "Folds EVENTS and compares it with the states in it, and with Postgres row by "
                     "row; no two living servers may have one address; prints the first difference")
      ->callback([&chosen] { chosen = verify; });
}

}  // namespace vsim::vsimctl
