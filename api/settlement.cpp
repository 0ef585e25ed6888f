#include "api/settlement.h"

#include "api/outcomes.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/clock.h"

namespace vsim::api {

using read_model::OperationRow;

namespace {

std::optional<read_model::Settled> at_once(const OperationRow& operation) {
  return operation.decided_at ? std::optional(read_model::Settled{*operation.decided_at})
                              : std::nullopt;
}

}  // namespace

Reply<std::optional<read_model::Settled>> Settlement::find(const OperationRow& operation) {
  if (outcome_of(operation) != OutcomeKind::succeeded) {
    return at_once(operation);  // it has changed nothing; nothing while it is PENDING
  }
  if (operation.region == messages::clock_region) {
    return find_of_clock(operation);
  }
  if (operation.server_id.empty()) {
    return at_once(operation);
  }
  return read_side_.read(
      [&](read_model::Transaction& tx) { return read_model::find_settled(tx, operation); });
}

/// A change of the clock has settled when all that was due by it is in the log.
Reply<Settlement::Found> Settlement::find_of_clock(const OperationRow& operation) {
  const auto event = log_side_.event_at(operation.event_sequence);
  if (!event || !*event) {
    return Found();  // not known without the broker; the outcome is shown all the same
  }
  const auto logged = messages::decode_event(**event);
  const auto* change = logged ? std::get_if<messages::ClockLogged>(&*logged) : nullptr;
  if (change == nullptr) {
    return Found();
  }
  const auto clock = read_side_.read(read_model::find_clock);
  if (!clock) {
    return tl::unexpected(clock.error());
  }
  const Instant changed_at = change->state.time.sim;
  const bool applied = *clock && (*clock)->deadlines_applied >= changed_at;
  return applied ? Found(read_model::Settled{changed_at}) : Found();
}

}  // namespace vsim::api
