#pragma once

// Load, decide, append under expectation, and again where somebody else was faster: for aggregates
// that have one subject each, such as a pool or the clock. Servers are decided in groups, by
// group_commit.h.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "domain/door_faults.h"
#include "domain/pool.h"
#include "domain/region.h"
#include "domain/sim_clock.h"
#include "domain/warm_pool.h"
#include "eventstore/event_store.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/message_headers.h"
#include "workers/head.h"

namespace vsim::workers {

/// How an aggregate's last message is read and its next one written. `Kind` is its alternative of
/// messages::LoggedEvent.
template <typename Kind>
struct SubjectCodec;

template <>
struct SubjectCodec<messages::PoolLogged> {
  using State = Pool;
  static Pool state_of(messages::PoolLogged logged) { return std::move(logged.state); }
  static std::string encode(const Pool& before, const PoolEvent& event) {
    return messages::encode(event, evolve(before, event));
  }
};
template <>
struct SubjectCodec<messages::FaultsLogged> {
  using State = DoorFaults;
  static DoorFaults state_of(messages::FaultsLogged logged) { return std::move(logged.state); }
  static std::string encode(const DoorFaults& before, const FaultsEvent& event) {
    return messages::encode(event, evolve(before, event));
  }
};
template <>
struct SubjectCodec<messages::RegionLogged> {
  using State = RegionState;
  static RegionState state_of(messages::RegionLogged logged) { return std::move(logged.state); }
  static std::string encode(const RegionState& before, const RegionEvent& event) {
    return messages::encode(event, evolve(before, event));
  }
};
template <>
struct SubjectCodec<messages::WarmPoolLogged> {
  using State = WarmPool;
  static WarmPool state_of(messages::WarmPoolLogged logged) { return std::move(logged.state); }
  static std::string encode(const WarmPool& before, const WarmPoolEvent& event) {
    return messages::encode(event, evolve(before, event));
  }
};
template <>
struct SubjectCodec<messages::ClockLogged> {
  using State = SimClock;
  static SimClock state_of(messages::ClockLogged logged) { return std::move(logged.state); }
  static std::string encode(const SimClock& before, const ClockEvent& event) {
    return messages::encode(event, before);
  }
};
/// A watermark is its own state.
template <>
struct SubjectCodec<BillingWatermark> {
  using State = BillingWatermark;
  static BillingWatermark state_of(BillingWatermark watermark) { return watermark; }
  static std::string encode(const BillingWatermark&, const BillingWatermark& next) {
    return messages::encode(next);
  }
};

template <typename Kind>
using HeadOf = Head<typename SubjectCodec<Kind>::State>;

/// The heads of subjects, in their order. Blocks for as long as the log takes.
template <typename Kind>
eventstore::Result<std::vector<HeadOf<Kind>>> load_subjects(eventstore::EventStore& store,
                                                            std::span<const std::string> subjects) {
  const auto found = store.load_last(subjects);
  if (!found) {
    return tl::unexpected(found.error());
  }
  std::vector<HeadOf<Kind>> heads(subjects.size());
  for (const auto& message : *found) {
    auto logged = messages::decode_event(message);
    auto* event = logged ? std::get_if<Kind>(&*logged) : nullptr;
    if (event == nullptr) {
      return ends_unreadably(message.subject);
    }
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      if (subjects[i] == message.subject) {
        heads[i] = {message.sequence, SubjectCodec<Kind>::state_of(std::move(*event))};
        break;
      }
    }
  }
  return heads;
}

template <typename Kind>
eventstore::Result<HeadOf<Kind>> load_subject(eventstore::EventStore& store,
                                              const std::string& subject) {
  auto heads = load_subjects<Kind>(store, std::span(&subject, 1));
  if (!heads) {
    return tl::unexpected(heads.error());
  }
  return std::move(heads->front());
}

/// Appends what is decided on a head, one event at most, under its sequence. The event bears
/// `reply_to` where that is not empty.
template <typename Kind, typename Event>
eventstore::Result<void> append_to_subject(eventstore::EventStore& store,
                                           const std::string& subject, const HeadOf<Kind>& head,
                                           const Event& event, const std::string& reply_to = {}) {
  eventstore::Append append{subject,
                            SubjectCodec<Kind>::encode(head.state, event),
                            {},
                            eventstore::Expectation{subject, head.sequence}};
  if (!reply_to.empty()) {
    append.headers.push_back({std::string(messages::header::reply_to), reply_to});
  }
  const auto appended = store.append(std::span(&append, 1));
  if (!appended) {
    return tl::unexpected(appended.error());
  }
  return {};
}

/// What a decision on one subject comes to: an event to append, or none where nothing changes; and
/// what the caller is given when that is in the log.
template <typename Event, typename Answer>
struct SubjectDecision {
  std::optional<Event> event;
  Answer answer;
};

/// `decide` takes the head and gives a Result of a SubjectDecision; it is called again, on the new
/// head, where another event came first. Fails as `unavailable` when that happens 100 times in a
/// row. Blocks for as long as the log takes.
template <typename Kind, typename Decide>
auto decide_on(eventstore::EventStore& store, const std::string& subject,
               const std::string& reply_to, Decide&& decide)
    -> eventstore::Result<decltype(decide(HeadOf<Kind>{})->answer)> {
  constexpr int attempts_max = 100;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const auto head = load_subject<Kind>(store, subject);
    if (!head) {
      return tl::unexpected(head.error());
    }
    auto decision = decide(*head);
    if (!decision) {
      return tl::unexpected(decision.error());
    }
    if (!decision->event) {
      return std::move(decision->answer);
    }
    const auto appended =
        append_to_subject<Kind>(store, subject, *head, *decision->event, reply_to);
    if (appended) {
      return std::move(decision->answer);
    }
    if (!appended.error().needs_another_look()) {
      return tl::unexpected(appended.error());
    }
  }
  return log_moved_faster(eventstore::Error::Kind::unavailable);
}

}  // namespace vsim::workers
