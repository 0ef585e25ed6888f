// `vsimctl dlq`: dead letters, looked at, put back into the queue, or dropped.

#include <cstdio>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/vsimctl/commands/submission.h"
#include "ops/vsimctl/dlq/letters.h"
#include "ops/vsimctl/dlq/replays.h"
#include "ops/vsimctl/streams.h"
#include "ops/vsimctl/subcommands.h"
#include "ops/vsimctl/terminal/consent.h"
#include "ops/vsimctl/terminal/number_option.h"
#include "ops/vsimctl/terminal/table.h"
#include "schema/messages/subjects.h"

namespace vsim::vsimctl {
namespace {

using namespace std::chrono_literals;
using process::CommonSettings;

constexpr auto replay_patience = 10s;

/// Which letters are meant: one, or all.
struct Chosen {
  eventstore::Sequence sequence = 0;
  bool all = false;
  bool force = false;  // replay: also what cannot be read or is mistyped
};

tl::expected<std::vector<Letter>, std::string> load(const CommonSettings& settings, Log& log,
                                                    const Chosen& chosen) {
  if (chosen.all) {
    auto letters = load_letters(log.broker());
    if (!letters) {
      return failed(explain(settings, letters.error()));
    }
    return std::move(*letters);
  }
  const auto letter = load_letter(log.broker(), chosen.sequence);
  if (!letter) {
    return failed(explain(settings, letter.error()));
  }
  if (!*letter) {
    return failed(
        fmt::format("there is no dead letter {}; vsimctl dlq list shows them", chosen.sequence));
  }
  return std::vector<Letter>{**letter};
}

/// It was buried for what is mistyped in it, and would be carried out without that.
bool is_mistyped(const Letter& letter, const Replay& replay) {
  return replay.id && letter.reason == "unreadable" && !replay.complaint.empty();
}

std::string type_shown(const Replay& replay) { return replay.id ? replay.type : "?"; }

void print(const std::vector<Letter>& letters) {
  Table table({"SEQ", "TIME", "REASON", "TYPE", "DELIVERIES", "SUBJECT", "ERROR"});
  for (const auto& letter : letters) {
    table.add({std::to_string(letter.sequence), letter.time, letter.reason,
               type_shown(replay_of(letter.command)), letter.deliveries, letter.command.subject,
               letter.error});
  }
  table.print();
}

/// Opens the log, loads the chosen letters and gives both to `use`.
template <typename Use>
tl::expected<void, std::string> with_letters(const CommonSettings& settings, const Chosen& chosen,
                                             Use&& use) {
  auto log = Log::open(settings);
  if (!log) {
    return failed(log.error());
  }
  const auto letters = load(settings, **log, chosen);
  if (!letters) {
    return failed(letters.error());
  }
  return use(**log, *letters);
}

tl::expected<void, std::string> list_letters(const CommonSettings& settings) {
  return with_letters(settings, {.all = true}, [](Log&, const std::vector<Letter>& letters) {
    if (letters.empty()) {
      fmt::print("no dead letters\n");
    } else {
      print(letters);
    }
    return tl::expected<void, std::string>();
  });
}

void show(const Letter& letter) {
  fmt::print("reason      {}\nerror       {}\nsubject     {}\nsequence    {}\nstored      {}\n",
             letter.reason, letter.error, letter.command.subject, letter.command.sequence,
             letter.time);
  fmt::print("deliveries  {}\n", letter.deliveries);
  for (const auto& header : letter.command.headers) {
    fmt::print("{}: {}\n", header.name, header.value);
  }
  fmt::print("payload     {}\n", letter.command.payload);
  const auto replay = replay_of(letter.command);
  if (!replay.id) {
    fmt::print("cannot be read ({}): publish it put right, then vsimctl dlq drop {}\n",
               replay.unreadable, letter.sequence);
  } else if (is_mistyped(letter, replay)) {
    fmt::print("mistyped ({}): publish it put right, then vsimctl dlq drop {}\n", replay.complaint,
               letter.sequence);
  }
}

tl::expected<void, std::string> drop_letter(const CommonSettings& settings, Log& log,
                                            eventstore::Sequence sequence) {
  const auto done =
      delete_message(log.broker(), std::string(messages::dead_letters_stream), sequence);
  if (!done) {
    return failed(explain(settings, done.error()));
  }
  return {};
}

/// Why a letter is not put back; nothing: it would be, as things are now.
std::optional<std::string> why_kept(const Letter& letter, const Replay& replay, bool force) {
  if (!messages::parse_command_subject(letter.command.subject)) {
    return fmt::format(
        "dead letter {} names no place in the queue (Vsim-Dead-Subject is \"{}\"); publish what it "
        "should have been and drop it",
        letter.sequence, letter.command.subject);
  }
  if (!replay.id && !force) {
    return fmt::format(
        "dead letter {} cannot be read ({}) and would come back; publish it put right and drop it, "
        "or add --force",
        letter.sequence, replay.unreadable);
  }
  if (is_mistyped(letter, replay) && !force) {
    return fmt::format(
        "dead letter {} is mistyped ({}); publish it put right and drop it, or add --force, which "
        "has it carried out as if that were not there",
        letter.sequence, replay.complaint);
  }
  return std::nullopt;
}

/// What a replay would do with the letters as things are now.
struct Plan {
  std::size_t put_back = 0;
  std::vector<std::string> kept;  // why, a sentence each
};

/// The place of each server in the queue is looked at too: it holds one command.
tl::expected<Plan, std::string> plan_replay(const CommonSettings& settings, Log& log,
                                            const std::vector<Letter>& letters, bool force) {
  const eventstore::CommandPublisher queue(log.broker(), std::string(messages::commands_stream));
  Plan plan;
  for (const auto& letter : letters) {
    auto why = why_kept(letter, replay_of(letter.command), force);
    if (!why) {
      const auto waiting = queue.find_waiting(letter.command.subject);
      if (!waiting) {
        return failed(explain(settings, waiting.error()));
      }
      if (*waiting) {
        why = fmt::format("dead letter {}: {}", letter.sequence,
                          explain(settings, letter.command.subject,
                                  {eventstore::PublishError::Kind::slot_taken, {}}));
      }
    }
    if (why) {
      plan.kept.push_back(std::move(*why));
    } else {
      ++plan.put_back;
    }
  }
  return plan;
}

std::string tell_plan(const Plan& plan) {
  std::string text =
      fmt::format("{} would be put back into the queue, and dropped here", plan.put_back);
  if (!plan.kept.empty()) {
    text += fmt::format("; {} would be kept:", plan.kept.size());
  }
  for (const auto& why : plan.kept) {
    text += "\n  " + why;
  }
  return text;
}

/// What is to happen to letters, in the words that an operator reads.
struct Intent {
  std::function<tl::expected<std::string, std::string>(Log&, const std::vector<Letter>&)>
      plan;  // for a dry run
  std::string (*question)(std::size_t letters);
};

/// Lists the chosen letters, asks, and lets `act` have them; without letters, on a dry run or
/// without consent nothing happens.
template <typename Act>
tl::expected<void, std::string> with_consent(const CommonSettings& settings, const Chosen& chosen,
                                             const Consent& consent, const Intent& intent,
                                             Act&& act) {
  const auto use = [&](Log& log,
                       const std::vector<Letter>& letters) -> tl::expected<void, std::string> {
    if (letters.empty()) {
      fmt::print("no dead letters\n");
      return {};
    }
    print(letters);
    if (consent.dry_run) {
      const auto plan = intent.plan(log, letters);
      if (!plan) {
        return failed(plan.error());
      }
      fmt::print("dry run: {}\n", *plan);
      return {};
    }
    if (auto sure = confirm(intent.question(letters.size()), consent.yes); !sure) {
      return sure;
    }
    return act(log, letters);
  };
  return with_letters(settings, chosen, use);
}

tl::expected<void, std::string> drop(const CommonSettings& settings, const Chosen& chosen,
                                     const Consent& consent) {
  const auto plan =
      [](Log&, const std::vector<Letter>& letters) -> tl::expected<std::string, std::string> {
    return fmt::format("{} would be dropped for good", letters.size());
  };
  const Intent intent{
      plan, [](std::size_t letters) { return fmt::format("Drop {} for good?", letters); }};
  const auto act = [&](Log& log,
                       const std::vector<Letter>& letters) -> tl::expected<void, std::string> {
    for (const auto& letter : letters) {
      if (auto done = drop_letter(settings, log, letter.sequence); !done) {
        return done;
      }
    }
    fmt::print("dropped {}\n", letters.size());
    return {};
  };
  return with_consent(settings, chosen, consent, intent, act);
}

/// Puts letters back one after the other, and waits for each outcome as long as outcomes come.
class LetterReplay {
 public:
  LetterReplay(const CommonSettings& settings, Log& log, bool force)
      : settings_(settings), log_(log), force_(force) {}

  tl::expected<void, std::string> replay(const Letter& letter) {
    const auto replay = replay_of(letter.command);
    if (auto why = why_kept(letter, replay, force_)) {
      return failed(std::move(*why));
    }
    const auto sequence = put_back(settings_, log_, replay);
    if (!sequence) {
      return failed(fmt::format("dead letter {}: {}", letter.sequence, sequence.error()));
    }
    if (auto dropped = drop_letter(settings_, log_, letter.sequence); !dropped) {
      return failed(fmt::format("dead letter {} was put back, but is still kept: {}",
                                letter.sequence, dropped.error()));
    }
    return tell_outcome(letter, replay, *sequence);
  }

 private:
  tl::expected<void, std::string> tell_outcome(const Letter& letter, const Replay& replay,
                                               eventstore::Sequence sequence) {
    fmt::print("{}: put back into the queue at {}", letter.sequence, sequence);
    if (!replay.id) {
      fmt::print("\n");
      return {};
    }
    const auto outcome = await_outcome(log_, replay.subject, *replay.id, sequence, patience_);
    if (!outcome) {
      return failed(explain(settings_, outcome.error()));
    }
    if (!*outcome) {
      patience_ = 0s;  // nobody is at work: the others need not wait for it
    }
    fmt::print("; operation {}: {}\n", replay.id->to_string(),
               *outcome ? (*outcome)->text : "waits for a worker");
    return {};
  }

  const CommonSettings& settings_;
  Log& log_;
  bool force_;
  std::chrono::milliseconds patience_ = replay_patience;
};

tl::expected<void, std::string> replay(const CommonSettings& settings, const Chosen& chosen,
                                       const Consent& consent) {
  const auto plan =
      [&](Log& log, const std::vector<Letter>& letters) -> tl::expected<std::string, std::string> {
    const auto found = plan_replay(settings, log, letters, chosen.force);
    if (!found) {
      return tl::unexpected(found.error());
    }
    return tell_plan(*found);
  };
  const Intent intent{plan, [](std::size_t letters) {
                        return fmt::format("Put {} back into the queue?", letters);
                      }};
  const auto act = [&](Log& log,
                       const std::vector<Letter>& letters) -> tl::expected<void, std::string> {
    LetterReplay letter_replay(settings, log, chosen.force);
    std::size_t kept = 0;
    std::string why;
    for (const auto& letter : letters) {
      const auto done = letter_replay.replay(letter);
      if (done) {
        continue;
      }
      ++kept;
      if (why.empty()) {
        why = done.error();
      }
    }
    if (kept == 0) {
      return {};
    }
    return failed(kept == 1 ? why : fmt::format("{} were kept; the first: {}", kept, why));
  };
  return with_consent(settings, chosen, consent, intent, act);
}

/// SEQ or --all, one of the two.
std::shared_ptr<Chosen> add_choice(CLI::App& command) {
  auto chosen = std::make_shared<Chosen>();
  auto* sequence = add_number(command, "SEQ", chosen->sequence, "The letter, as dlq list shows it");
  auto* all = command.add_flag("--all", chosen->all, "All letters");
  all->excludes(sequence);
  return chosen;
}

void require_choice(const Chosen& chosen) {
  if (!chosen.all && chosen.sequence == 0) {
    throw CLI::RequiredError("SEQ or --all");
  }
}

}  // namespace

void add_dlq(CLI::App& app, Task& chosen_task) {
  auto* dlq = app.add_subcommand("dlq", "Dead letters: commands that could not be carried out");
  dlq->require_subcommand(1);

  dlq->add_subcommand("list", "All of them, oldest first")->callback([&chosen_task] {
    chosen_task = list_letters;
  });

  auto* show_command = dlq->add_subcommand("show", "One, with its headers and its payload");
  auto shown = std::make_shared<Chosen>();
  add_number(*show_command, "SEQ", shown->sequence, "The letter, as dlq list shows it")->required();
  show_command->callback([&chosen_task, shown] {
    chosen_task = [shown](const CommonSettings& settings) {
      return with_letters(settings, *shown, [](Log&, const std::vector<Letter>& letters) {
        show(letters.front());
        return tl::expected<void, std::string>();
      });
    };
  });

  auto* replay_command = dlq->add_subcommand(
      "replay", "Puts letters back into the queue under the ids that they had, and drops them");
  auto replayed = add_choice(*replay_command);
  replay_command->add_flag("--force", replayed->force, "Also what cannot be read or is mistyped");
  auto replay_consent = add_consent_flags(*replay_command);
  replay_command->callback([&chosen_task, replayed, replay_consent] {
    require_choice(*replayed);
    chosen_task = [=](const CommonSettings& settings) {
      return replay(settings, *replayed, *replay_consent);
    };
  });

  auto* drop_command = dlq->add_subcommand("drop", "Deletes letters for good");
  auto dropped = add_choice(*drop_command);
  auto drop_consent = add_consent_flags(*drop_command);
  drop_command->callback([&chosen_task, dropped, drop_consent] {
    require_choice(*dropped);
    chosen_task = [=](const CommonSettings& settings) {
      return drop(settings, *dropped, *drop_consent);
    };
  });
}

}  // namespace vsim::vsimctl
