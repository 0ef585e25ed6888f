#pragma once

// GET /events: the log as a stream, or one page of it.

#include "api/admission/access.h"
#include "api/events/event_streams.h"
#include "api/log_side.h"
#include "api/read_side.h"
#include "api/simulated_clock.h"
#include "schema/http/query_string.h"

namespace vsim::api {

inline constexpr std::uint64_t events_limit_default = 100;
/// Events that are looked at for one page; where few match, it is short.
inline constexpr std::uint64_t events_of_page_max = 5000;

/// Any thread.
class EventQueries {
 public:
  /// All outlive it. `events` is EVENTS.
  EventQueries(EventStreams& streams, eventstore::EventStore& events, ReadSide& read_side,
               SimulatedClock& clock, const Access& access)
      : streams_(streams), events_(events), read_side_(read_side), clock_(clock), access_(access) {}

  Answer get(const Call& call);

 private:
  Reply<EventFilter> read_filter(const http::QueryString& query, const Scope& scope);
  Reply<std::optional<StreamSequence>> read_place(const Call& call, const http::QueryString& query,
                                                  const EventFilter& filter);
  Reply<StreamSequence> place_before(Instant since);
  Reply<StreamSequence> end_of_read_models();
  Answer stream(const Call& call, EventFilter filter, std::optional<StreamSequence> after);
  Answer page(const Call& call, const http::QueryString& query, const EventFilter& filter,
              std::optional<StreamSequence> after);

  EventStreams& streams_;
  eventstore::EventStore& events_;
  ReadSide& read_side_;
  SimulatedClock& clock_;
  const Access& access_;
};

}  // namespace vsim::api
