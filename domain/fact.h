#pragma once

// The shape that the events and decisions of all aggregates have. An aggregate brings its own
// event data and state, and two functions (D55):
//
//   decide(state, command, ...) -> Decision<Event>
//   evolve(state, event) -> State

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "domain/command.h"
#include "domain/ids.h"
#include "domain/instant.h"
#include "domain/outcome.h"

namespace vsim {

/// An aggregate's event data: what only it has, then the outcomes that change nothing.
template <typename... Own>
using EventDataOf = std::variant<Own..., CommandRejected, CommandPurged, CommandDeadLettered>;

/// What happened to one subject.
template <typename Data>
struct Fact {
  Version version = 0;  // counts the subject's events from 1
  Instant at;           // simulated time
  std::optional<Cause> cause;
  Origin origin;
  Data data;
  bool operator==(const Fact&) const = default;
};

/// The event that an aggregate last changed with, by its version and time.
struct Change {
  Version version = 0;
  Instant at{};
  bool operator==(const Change&) const = default;
};

/// What became of a command: the events to append in one piece, in order and with versions without
/// a gap, none where it is no news; and the verdict.
template <typename Event>
struct Decision {
  std::vector<Event> events;
  Verdict verdict;
};

/// An event as the log holds it, with the state after it.
template <typename EventType, typename StateType>
struct Logged {
  EventType event;
  StateType state;
};

/// Whether event data are an outcome that changes nothing.
template <typename... All>
constexpr bool is_no_change(const std::variant<All...>& data) {
  return data.index() >= sizeof...(All) - std::variant_size_v<NoChange>;
}

/// What event data say of the command that is their cause.
template <typename... All>
Outcome outcome_of(const std::variant<All...>& data) {
  return std::visit(
      [](const auto& event) {
        if constexpr (requires { outcome_of_no_change(event); }) {
          return outcome_of_no_change(event);
        } else {
          return Outcome{OutcomeKind::succeeded, std::nullopt};
        }
      },
      data);
}

/// The word for event data, from the names of the aggregate's own, which are in the variant's
/// order.
template <std::size_t N, typename... All>
constexpr std::string_view event_name(const std::array<std::string_view, N>& own,
                                      const std::variant<All...>& data) {
  static_assert(N + no_change_names.size() == sizeof...(All));
  return is_no_change(data) ? no_change_names[data.index() - N] : own[data.index()];
}

/// The outcome as an aggregate's event data.
template <typename Data>
Data data_of(NoChange outcome) {
  return std::visit([](auto&& given) { return Data(std::forward<decltype(given)>(given)); },
                    std::move(outcome));
}

/// Makes the event's cause the subject's last command, where it has one.
template <typename Data>
void record_command(std::optional<LastCommand>& last, const Fact<Data>& event) {
  if (event.cause) {
    record_command(last, *event.cause, outcome_of(event.data));
  }
}

}  // namespace vsim
