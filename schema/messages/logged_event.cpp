#include "schema/messages/logged_event.h"

namespace vsim::messages {

const Cause* cause_of(const LoggedEvent& logged) {
  const auto given = [](const std::optional<Cause>& cause) { return cause ? &*cause : nullptr; };
  if (const auto* server = std::get_if<ServerEvent>(&logged)) {
    return given(server->event.cause);
  }
  if (const auto* clock = std::get_if<ClockLogged>(&logged)) {
    return given(clock->event.cause);
  }
  if (const auto* pool = std::get_if<PoolLogged>(&logged)) {
    return given(pool->event.cause);
  }
  return nullptr;
}

std::optional<LastCommand> outcome_in(const LoggedEvent& logged) {
  const auto* cause = cause_of(logged);
  if (cause == nullptr) {
    return std::nullopt;
  }
  if (const auto* server = std::get_if<ServerEvent>(&logged)) {
    return LastCommand{*cause, outcome_of(server->event.data)};
  }
  if (const auto* clock = std::get_if<ClockLogged>(&logged)) {
    return LastCommand{*cause, outcome_of(clock->event.data)};
  }
  return LastCommand{*cause, outcome_of(std::get<PoolLogged>(logged).event.data)};
}

}  // namespace vsim::messages
