// Events as the log may hold them, also those that no build of ours has written: what is read says
// the same when it is written and read again, and makes a state, a bill and a next deadline.

#include "schema/messages/event_codec.h"
#include "tests/fuzz/message_input.h"
#include "tests/fuzz/property.h"

namespace {

using namespace vsim;
using fuzz::must_hold;
using messages::LoggedEvent;

/// What the log would hold of it.
std::string encoded(const messages::ServerLogged& logged) {
  return messages::encode(logged.event, logged.state);
}
std::string encoded(const AddressClaimed& claim) { return messages::encode(claim); }
std::string encoded(const messages::PoolLogged& logged) {
  return messages::encode(logged.event, logged.state);
}
std::string encoded(const messages::FaultsLogged& logged) {
  return messages::encode(logged.event, logged.state);
}
std::string encoded(const messages::RegionLogged& logged) {
  return messages::encode(logged.event, logged.state);
}
std::string encoded(const messages::WarmPoolLogged& logged) {
  return messages::encode(logged.event, logged.state);
}
std::string encoded(const BillingWatermark& watermark) { return messages::encode(watermark); }
std::string encoded(const messages::ClockLogged&) { return {}; }  // holds the state before it
std::string encoded(const messages::UnknownEvent&) { return {}; }

bool says_the_same(const messages::ServerLogged& a, const messages::ServerLogged& b) {
  return a.event == b.event && a.state == b.state;
}
bool says_the_same(const AddressClaimed& a, const AddressClaimed& b) { return a == b; }
bool says_the_same(const messages::PoolLogged& a, const messages::PoolLogged& b) {
  return a.event == b.event && a.state.version == b.state.version &&
         a.state.last_command == b.state.last_command;
}
bool says_the_same(const messages::FaultsLogged& a, const messages::FaultsLogged& b) {
  return a.event == b.event && a.state == b.state;
}
bool says_the_same(const messages::RegionLogged& a, const messages::RegionLogged& b) {
  return a.event == b.event && a.state == b.state;
}
bool says_the_same(const messages::WarmPoolLogged& a, const messages::WarmPoolLogged& b) {
  return a.event == b.event && a.state == b.state;
}
bool says_the_same(const BillingWatermark& a, const BillingWatermark& b) { return a == b; }
bool says_the_same(const messages::ClockLogged&, const messages::ClockLogged&) { return true; }
bool says_the_same(const messages::UnknownEvent&, const messages::UnknownEvent&) { return true; }

void goes_on(const messages::ServerLogged& logged) {
  const State after = evolve(logged.state, logged.event);
  if (!after.server) {
    return;
  }
  const auto& policy = after.server->blueprint.terms.billing;
  const auto later = after.at + std::chrono::hours(24);
  must_hold(billed_total(after.server->bill, policy, later) >=
                billed_total(after.server->bill, policy, after.at),
            "a bill never falls");
  const auto due = due_of(after);
  if (due && *due <= later) {
    must_hold(!decide_due(logged.event.server, logged.event.region, after, later).empty(),
              "what is due happens");
  }
}
void goes_on(const messages::ClockLogged& logged) {
  const WallTime wall = logged.state.time.stored_at + std::chrono::hours(1);
  must_hold(simulated_at(logged.state, wall) >= logged.state.deadlines_applied_through,
            "what has been applied has been reached");
}
void goes_on(const messages::PoolLogged& logged) { evolve(logged.state, logged.event); }
void goes_on(const messages::WarmPoolLogged& logged) { evolve(logged.state, logged.event); }
void goes_on(const messages::FaultsLogged& logged) { evolve(logged.state, logged.event); }
void goes_on(const messages::RegionLogged& logged) {
  const auto after = evolve(logged.state, logged.event);
  const auto due = due_of(after);
  must_hold(!due || decide_due(logged.event.region, after, *due).has_value(),
            "an incident ends when it is due");
}
void goes_on(const AddressClaimed&) {}
void goes_on(const BillingWatermark&) {}
void goes_on(const messages::UnknownEvent&) {}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = fuzz::message_of(data, size);
  const auto decoded = messages::decode_event(message);
  if (!decoded) {
    must_hold(!decoded.error().empty(), "a refusal says why");
    return 0;
  }
  messages::outcome_in(*decoded);
  std::visit(
      [&](const auto& logged) {
        goes_on(logged);
        auto copy = message;
        copy.payload = encoded(logged);
        if (copy.payload.empty()) {
          return;
        }
        const auto again = messages::decode_event(copy);
        must_hold(again.has_value(), "what was written is read again");
        must_hold(says_the_same(logged, std::get<std::decay_t<decltype(logged)>>(*again)),
                  "and says the same");
      },
      *decoded);
  return 0;
}
