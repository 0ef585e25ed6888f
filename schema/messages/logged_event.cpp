#include "schema/messages/logged_event.h"

namespace vsim::messages {

const Cause* cause_of(const LoggedEvent& logged) {
  return std::visit(
      [](const auto& kind) -> const Cause* {
        if constexpr (requires { kind.event.cause; }) {
          return kind.event.cause ? &*kind.event.cause : nullptr;
        } else {
          return nullptr;
        }
      },
      logged);
}

std::optional<LastCommand> outcome_in(const LoggedEvent& logged) {
  return std::visit(
      [](const auto& kind) -> std::optional<LastCommand> {
        if constexpr (requires { kind.event.cause; }) {
          if (kind.event.cause) {
            return LastCommand{*kind.event.cause, outcome_of(kind.event.data)};
          }
        }
        return std::nullopt;
      },
      logged);
}

}  // namespace vsim::messages
