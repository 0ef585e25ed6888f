#include "api/event_queries.h"

#include "api/answers.h"
#include "api/server_queries.h"
#include "domain/decimal.h"
#include "eventstore/find_last.h"
#include "schema/http/preferences.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/checkpoint.h"

namespace vsim::api {
namespace {

using http::QueryString;

constexpr std::string_view last_event_id_header = "Last-Event-ID";
constexpr std::uint32_t streams_retry_seconds = 5;
/// How far a worker's clock may be ahead of the broker's when it dates an event.
constexpr std::chrono::seconds clock_lead_max{5};

Reply<StreamSequence> read_sequence(std::string_view name, std::string_view text) {
  const auto sequence = read_decimal(text);
  if (!sequence || *sequence > INT64_MAX) {
    return tl::unexpected(invalid(std::string(name) +
                                  " is no event's id; give the id of the last event that you "
                                  "have, a whole number"));
  }
  return *sequence;
}

/// Whether the request's key still shows the same: asked again as the request was.
std::function<bool()> holds_on(const Access& access, const Call& call) {
  const auto look = [&access, authorization = call.request.joined_header("Authorization")] {
    HttpRequest request;
    request.headers = {{"Authorization", authorization}};
    return access.identify(request).caller;
  };
  return [look, first = look()] {
    const auto now = look();
    return now && first && now->has_key == first->has_key && now->role == first->role &&
           now->account == first->account;
  };
}

}  // namespace

Answer EventQueries::get(const Call& call) {
  const auto query = read_query(call, {"account", "region", "server", "event", "type", "status",
                                       "tag.", "after", "since", "from", "limit"});
  if (!query) {
    return tl::unexpected(query.error());
  }
  auto filter = read_filter(*query, call.scope);
  if (!filter) {
    return tl::unexpected(filter.error());
  }
  const auto after = read_place(call, *query, *filter);
  if (!after) {
    return tl::unexpected(after.error());
  }
  const bool is_page = query->find("limit") != nullptr ||
                       http::prefers_json_to_stream(call.request.joined_header("Accept"));
  return is_page ? page(call, *query, *filter, *after) : stream(call, std::move(*filter), *after);
}

Reply<EventFilter> EventQueries::read_filter(const QueryString& query, const Scope& scope) {
  auto status = read_status(query);
  if (!status) {
    return tl::unexpected(invalid(status.error()));
  }
  EventFilter filter{.account = scope.only,
                     .region = value_of(query, "region"),
                     .server = value_of(query, "server"),
                     .event = value_of(query, "event"),
                     .type = value_of(query, "type"),
                     .status = std::move(*status),
                     .tags = query.tags(),
                     .since = std::nullopt};
  if (filter.server) {
    const auto id = read_server_id(*filter.server);
    if (!id) {
      return tl::unexpected(id.error());
    }
    filter.server = id->to_string();
  }
  if (query.find("since") != nullptr && !clock_.known()) {
    return tl::unexpected(unavailable("it is not known yet what time it is; try again"));
  }
  auto since = read_past(query, clock_, "since");
  if (!since) {
    return tl::unexpected(since.error());
  }
  filter.since = *since;
  return filter;
}

/// Where the client begins. The header is what an EventSource sends when it comes again, to the URL
/// that it was made with, so it goes first.
Reply<std::optional<StreamSequence>> EventQueries::read_place(const Call& call,
                                                              const QueryString& query,
                                                              const EventFilter& filter) {
  const std::string* after = query.find("after");
  const std::string* from = query.find("from");
  if ((after != nullptr ? 1 : 0) + (from != nullptr ? 1 : 0) + (filter.since ? 1 : 0) > 1) {
    return tl::unexpected(invalid("after, since and from are different beginnings; give one"));
  }
  if (from != nullptr && *from != "start" && *from != "now") {
    return tl::unexpected(invalid("from is \"" + *from + "\"; give start or now"));
  }
  std::optional<StreamSequence> place;
  const std::string header = call.request.joined_header(last_event_id_header);
  for (const auto& [name, text] :
       {std::pair{std::string_view("after"), after},
        std::pair{last_event_id_header, header.empty() ? nullptr : &header}}) {
    if (text == nullptr) {
      continue;
    }
    const auto read = read_sequence(name, *text);
    if (!read) {
      return tl::unexpected(read.error());
    }
    place = *read;
  }
  if (place) {
    // Whoever comes again must not be turned away because something does not answer yet.
    const auto end = events_.last_sequence();
    if (end && *place > *end) {
      return tl::unexpected(invalid("the log ends with event " + std::to_string(*end) +
                                    ", before event " + std::to_string(*place) +
                                    "; begin anew, without an id"));
    }
    return place;
  }
  if (filter.since) {
    return place_before(*filter.since).map([](StreamSequence early) {
      return std::optional(early);
    });
  }
  return from != nullptr && *from == "start" ? std::optional<StreamSequence>(0) : std::nullopt;
}

/// A place behind which all events stand that bear this time or a later one: no event is stored
/// before its time has come. It is that of a clock event.
Reply<StreamSequence> EventQueries::place_before(Instant since) {
  const auto is_early = [&](const eventstore::Message& message) {
    const auto clock = messages::read_clock(message);
    if (!clock) {
      return false;
    }
    const auto lead = std::chrono::duration_cast<Duration>(clock_lead_max * clock->time.scale);
    return simulated_at(*clock, message.stored_at) + lead < since;
  };
  const auto found = eventstore::find_last(events_, std::string(messages::clock_subject), is_early);
  if (!found) {
    return tl::unexpected(problem_of(found.error()));
  }
  return *found ? (*found)->sequence : 0;
}

Reply<StreamSequence> EventQueries::end_of_read_models() {
  return read_side_
      .read([](read_model::Transaction& tx) {
        return read_model::find_checkpoint(tx, messages::events_stream);
      })
      .map([](const auto& checkpoint) { return checkpoint ? checkpoint->sequence : 0; });
}

Answer EventQueries::stream(const Call& call, EventFilter filter,
                            std::optional<StreamSequence> after) {
  StreamRequest request{.filter = std::move(filter),
                        .after = after,
                        .tells_place = !after,
                        .may_go_on = holds_on(access_, call)};
  if (!after) {
    // As of now, before the answer: what the client then does itself it will be told. Where the
    // read models do not answer, it begins when they do.
    const auto end = end_of_read_models();
    request.after = end ? std::optional(*end) : std::nullopt;
  }
  auto take_over = streams_.admit(std::move(request));
  if (!take_over) {
    return tl::unexpected(
        unavailable("as many event streams are open as EVENT_STREAMS allows, which is " +
                        std::to_string(streams_.streams_max()) + "; close one, or try again later",
                    streams_retry_seconds));
  }
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.add("X-Accel-Buffering", "no");  // nginx would hold events back
  response.take_over = std::move(*take_over);
  return response;
}

Answer EventQueries::page(const Call& call, const QueryString& query, const EventFilter& filter,
                          std::optional<StreamSequence> after) {
  const auto limit = query.number("limit", 1, limit_max, events_limit_default);
  if (!limit) {
    return tl::unexpected(invalid(limit.error()));
  }
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto end = end_of_read_models();
  if (!end) {
    return tl::unexpected(end.error());
  }
  http::EventPage page;
  page.limit = *limit;
  page.end = *end;
  const std::string* from = query.find("from");
  page.next_after = after.value_or(from != nullptr && *from == "now" ? page.end : 0);
  EventPages pages(events_);
  const auto last = std::min(page.end, page.next_after + events_of_page_max);
  while (page.next_after < last && page.items.size() < *limit) {
    const auto events =
        pages.read(page.next_after, last, std::max<std::size_t>(*limit - page.items.size(), 64));
    if (!events) {
      return tl::unexpected(problem_of(events.error()));
    }
    for (const auto& event : *events) {
      if (page.items.size() == *limit) {
        break;
      }
      if (filter.matches(*event)) {
        page.items.push_back(event->json);
      }
      page.next_after = event->sequence;
    }
  }
  return json_answer(200, http::render_event_page(page));
}

}  // namespace vsim::api
