#pragma once

// What becomes of a command, alike for all aggregates: its outcome, in the log for ever, and how a
// repeat of it or an older one is told from a new one.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "domain/command.h"
#include "domain/rejection.h"

namespace vsim {

enum class OutcomeKind : std::uint8_t { succeeded, rejected, purged, dead_lettered };

struct Outcome {
  OutcomeKind kind{};
  std::optional<Rejection> rejection;  // when rejected
  bool operator==(const Outcome&) const = default;
};

/// A subject's newest command that has an outcome; part of every state.
struct LastCommand {
  Cause cause;
  Outcome outcome;
  bool operator==(const LastCommand&) const = default;
};

// Outcomes that change nothing but the last command; events of every aggregate.
struct CommandRejected {
  Rejection rejection;
  bool operator==(const CommandRejected&) const = default;
};
struct CommandPurged {
  bool operator==(const CommandPurged&) const = default;
};
struct CommandDeadLettered {
  std::string reason;
  bool operator==(const CommandDeadLettered&) const = default;
};
using NoChange = std::variant<CommandRejected, CommandPurged, CommandDeadLettered>;

inline constexpr std::array<std::string_view, std::variant_size_v<NoChange>> no_change_names = {
    "command_rejected", "command_purged", "command_dead_lettered"};

inline Outcome outcome_of_no_change(const CommandRejected& event) {
  return {OutcomeKind::rejected, event.rejection};
}
inline Outcome outcome_of_no_change(const CommandPurged&) {
  return {OutcomeKind::purged, std::nullopt};
}
inline Outcome outcome_of_no_change(const CommandDeadLettered&) {
  return {OutcomeKind::dead_lettered, std::nullopt};
}

// ---------------------------------------------------------------------------------------------
// Repeats and late deliveries. A command's place in the queue tells old from new, except where the
// queue was made anew (D45).

/// Whether an outcome stands for a delivery of its command from that place in the queue. What was
/// never carried out may be replayed: then it is a command like any other, also where the queue was
/// made anew below it (D45).
bool stands_for(const LastCommand& given, StreamSequence sequence);

/// Whether the last command's number is so high that a delivery may come from a queue that was made
/// anew: then only the subject's whole history tells whether it is old (D45).
bool is_after_high(const std::optional<LastCommand>& last, StreamSequence sequence);

/// Whether it is the subject's last command, with an outcome that stands for it.
bool has_outcome(const std::optional<LastCommand>& last, const Cause& command);

/// Makes it the subject's last command. An outcome that came late for an older one does not pass a
/// newer one, or a delivery from the past could look new. One that bears a high number does not
/// stand in the way of a queue that was made anew (D45).
void record_command(std::optional<LastCommand>& last, const Cause& cause, Outcome outcome);

// ---------------------------------------------------------------------------------------------
// Verdicts: what a decision says of the command. Stale and AlreadyDecided come with no events.

struct Succeeded {};
struct AlreadyDecided {
  Outcome outcome;
};
struct Stale {  // a delivery from the past: newer commands have been decided; only ack it
  StreamSequence newer = 0;  // the place of the newest: a queue that ends below has lost numbers
};
using Verdict = std::variant<Succeeded, Rejection, AlreadyDecided, Stale>;

/// The verdict that a subject's last command alone gives on a delivery: it is that command again,
/// or older. Nothing: it is new.
std::optional<Verdict> verdict_of_the_past(const std::optional<LastCommand>& last,
                                           const CommandHead& command);

std::string_view to_string(OutcomeKind kind);  // "SUCCEEDED"
std::optional<OutcomeKind> outcome_kind_from(std::string_view name);

}  // namespace vsim
