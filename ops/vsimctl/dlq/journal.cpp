// `vsimctl journal`: the commands that were ever queued, and those of them that were purged put
// back into the queue.

#include <memory>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/vsimctl/dlq/replays.h"
#include "ops/vsimctl/streams.h"
#include "ops/vsimctl/subcommands.h"
#include "ops/vsimctl/terminal/consent.h"
#include "ops/vsimctl/terminal/moment.h"
#include "ops/vsimctl/terminal/table.h"
#include "schema/messages/command_target.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/journal_copy.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/operations.h"

namespace vsim::vsimctl {
namespace {

using namespace std::chrono_literals;
using process::CommonSettings;

constexpr auto progress_patience = 30s;

/// Which commands are meant.
struct Filter {
  bool purged = false;
  std::string region;  // empty: every one
  std::string since;   // as typed; empty: from the beginning of JOURNAL
};

struct JournalEntry {
  eventstore::Message original;  // as it stood in COMMANDS
  Replay replay;
};

tl::expected<std::set<CommandId>, std::string> purged_by_operations(
    const CommonSettings& settings) {
  constexpr std::uint32_t page_rows = 200;
  return query(settings, [](read_model::Transaction& tx) {
    std::set<CommandId> ids;
    read_model::OperationFilter filter;
    filter.status = std::string(to_string(OutcomeKind::purged));
    for (StreamSequence before = 0;;) {
      const auto page = read_model::list_operations(tx, filter, page_rows, before);
      for (const auto& row : page) {
        if (const auto id = Uuid::parse(row.id)) {
          ids.insert({*id});
        }
      }
      if (page.size() < page_rows) {
        return ids;
      }
      before = page.back().command_sequence;
    }
  });
}

/// The same from the log, which takes longer: everything in it is read.
tl::expected<std::set<CommandId>, std::string> purged_by_events(const CommonSettings& settings,
                                                                Log& log) {
  std::set<CommandId> ids;
  const auto collect = [&ids](const eventstore::Message& message) {
    const auto logged = messages::decode_event(message);
    const Cause* cause = logged ? messages::cause_of(*logged) : nullptr;
    if (cause == nullptr) {
      return;
    }
    const auto given = messages::outcome_in(*logged);
    if (given && given->outcome.kind == OutcomeKind::purged) {
      ids.insert(cause->command);
    } else {
      ids.erase(cause->command);
    }
  };
  const auto read = read_through(log.broker(), std::string(messages::events_stream), collect);
  if (!read) {
    return failed(explain(settings, read.error()));
  }
  return ids;
}

tl::expected<std::set<CommandId>, std::string> purged_commands(const CommonSettings& settings,
                                                               Log& log) {
  auto ids = purged_by_operations(settings);
  if (ids) {
    return ids;
  }
  fmt::print(stderr, "vsimctl: {}; reading the log instead\n", ids.error());
  return purged_by_events(settings, log);
}

/// By the broker's time, which stands on the commands.
tl::expected<Instant, std::string> since_of(const CommonSettings& settings, Log& log,
                                            const Filter& filter) {
  if (filter.since.empty()) {
    return Instant{};
  }
  const auto now = log.now(settings);
  if (!now) {
    return failed(now.error());
  }
  return read_moment(filter.since, std::chrono::floor<Duration>(*now));
}

/// The commands of JOURNAL that the filter asks for, in the order of the queue, each once: of those
/// that were put back, the first copy.
tl::expected<std::vector<JournalEntry>, std::string> load_entries(const CommonSettings& settings,
                                                                  Log& log, const Filter& filter) {
  std::set<CommandId> wanted;
  if (filter.purged) {
    auto purged = purged_commands(settings, log);
    if (!purged) {
      return failed(purged.error());
    }
    wanted = std::move(*purged);
  }
  std::vector<JournalEntry> entries;
  std::set<CommandId> seen;
  const auto since = since_of(settings, log, filter);
  if (!since) {
    return failed(since.error());
  }
  const auto take = [&](const eventstore::Message& copy) {
    auto original = messages::original_of(copy);
    const auto target = messages::parse_command_subject(original.subject);
    const bool in_region =
        filter.region.empty() || (target && target->region.name == filter.region);
    if (!in_region || std::chrono::floor<Duration>(original.stored_at) < *since) {
      return;
    }
    auto replay = replay_of(original);
    if (filter.purged && (!replay.id || !wanted.contains(*replay.id))) {
      return;
    }
    if (replay.id && !seen.insert(*replay.id).second) {
      return;
    }
    entries.push_back({std::move(original), std::move(replay)});
  };
  const auto read = read_through(log.broker(), std::string(messages::journal_stream), take);
  if (!read) {
    return failed(explain(settings, read.error()));
  }
  return entries;
}

void print(const std::vector<JournalEntry>& entries) {
  Table table({"SEQ", "TIME", "TYPE", "SUBJECT", "COMMAND"});
  for (const auto& [original, replay] : entries) {
    table.add({std::to_string(original.sequence),
               messages::format_instant(std::chrono::floor<Duration>(original.stored_at)),
               replay.id ? replay.type : "?", original.subject,
               replay.id ? replay.id->to_string() : ""});
  }
  table.print();
}

tl::expected<void, std::string> list_copies(const CommonSettings& settings, const Filter& filter) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  const auto entries = load_entries(settings, **log, filter);
  if (!entries) {
    return failed(entries.error());
  }
  if (entries->empty()) {
    fmt::print("no such commands in JOURNAL\n");
  } else {
    print(*entries);
  }
  return {};
}

std::string summary_of(const ReplayReport& report) {
  std::string text = fmt::format("{} of the commands were carried out", report.done);
  if (report.undecided > 0) {
    text += fmt::format(", {} wait in the queue for a worker", report.undecided);
  }
  if (report.left > 0) {
    text += fmt::format(", {} were not put back", report.left);
  }
  if (!report.why.empty()) {
    text += " (" + report.why + ")";
  }
  return text + "; run it again when the workers are well (vsimctl status)";
}

tl::expected<void, std::string> replay(const CommonSettings& settings, const Filter& filter,
                                       const Consent& consent) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  auto entries = load_entries(settings, **log, filter);
  if (!entries) {
    return failed(entries.error());
  }
  if (entries->empty()) {
    fmt::print("no purged commands to put back\n");
    return {};
  }
  print(*entries);
  if (consent.dry_run) {
    fmt::print("dry run: {} would be put back into the queue\n", entries->size());
    return {};
  }
  const auto question = fmt::format("Put {} back into the queue?", entries->size());
  if (auto sure = confirm(question, consent.yes); !sure) {
    return sure;
  }
  std::vector<Replay> replays;
  for (auto& entry : *entries) {
    replays.push_back(std::move(entry.replay));
  }
  const auto report = put_back_in_order(settings, **log, std::move(replays), progress_patience);
  if (report.left + report.undecided > 0) {
    return failed(summary_of(report));
  }
  fmt::print("put back {}\n", report.done);
  return {};
}

std::shared_ptr<Filter> add_filter(CLI::App& command) {
  auto filter = std::make_shared<Filter>();
  command
      .add_option("--region", filter->region,
                  "Only of this region; _sim is the clock, _faults the faults of PUT /faults,"
                  " _warm.NAME a warm pool")
      ->check([](const std::string& text) {
        const bool is_region = Region::parse(text) || !messages::is_region(Region{text});
        return is_region ? "" : "\"" + text + "\" is no region's name, such as us-east-1";
      });
  command.add_option("--since", filter->since, "Only from then on: RFC 3339, or 2h ago")
      ->check([](const std::string& text) {
        // Whether it is a time at all does not depend on what time it is.
        const auto since = read_moment(text, Instant{});
        return since ? "" : since.error();
      });
  return filter;
}

}  // namespace

void add_journal(CLI::App& app, Task& chosen) {
  auto* journal = app.add_subcommand("journal", "The commands of the last seven days");
  journal->require_subcommand(1);

  auto* list_command = journal->add_subcommand("list", "Those that were queued");
  auto listed = add_filter(*list_command);
  list_command->add_flag("--purged", listed->purged, "Only those that were purged");
  list_command->callback([&chosen, listed] {
    chosen = [listed](const CommonSettings& settings) { return list_copies(settings, *listed); };
  });

  auto* replay_command = journal->add_subcommand(
      "replay", "Puts purged commands back into the queue, once each, in their old order");
  auto replayed = add_filter(*replay_command);
  replay_command->add_flag("--purged", replayed->purged, "Those that were purged")->required();
  auto consent = add_consent_flags(*replay_command);
  replay_command->callback([&chosen, replayed, consent] {
    chosen = [=](const CommonSettings& settings) { return replay(settings, *replayed, *consent); };
  });
}

}  // namespace vsim::vsimctl
