#pragma once

// Events of the log as GET /events shows them: what GET /servers/{id}/logs says of an event, and
// the server as it is after it. Both stand in the event itself, so nothing else is read for it, and
// the same event gives the same bytes whenever it is asked for. D77

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "domain/ids.h"
#include "domain/instant.h"
#include "eventstore/message.h"

namespace vsim::http {

/// Up to when each region has been billed, by the last watermark of those that are read.
using BilledThrough = std::map<std::string, Instant>;

/// An event, what it can be chosen by, and its JSON. What does not apply is empty.
struct EventDocument {
  StreamSequence sequence = 0;
  std::string type;       // "server_stopped"
  std::string region;     // empty: of the whole fleet
  std::string server_id;  // of servers, and of claims of addresses
  std::string account;    // whose server it is, or whose command: empty: everybody's
  std::optional<Instant> at;
  // Of the server after it:
  std::string status;
  std::string instance_type;
  std::map<std::string, std::string> tags;
  /// One line: {sequence, event, timestamp, region, server_id, version, message, actor,
  /// operation_id, request_id, data, server}. `data` is what the log holds of events that are of no
  /// server; what it holds of a server's tells what is still to come, which is nobody's business.
  std::string json;
};

/// Reads a message of EVENTS. A server's amounts are those at the event's time, billed up to
/// `billed`, to which a watermark is added. The error says what is wrong with the message.
tl::expected<EventDocument, std::string> describe_event(const eventstore::Message& message,
                                                        BilledThrough& billed);

/// Some events, and where the next page goes on.
struct EventPage {
  std::uint64_t limit = 0;
  StreamSequence end = 0;          // as far as the read models hold the log
  StreamSequence next_after = 0;   // all up to it has been looked at
  std::vector<std::string> items;  // JSON
};
/// {items, limit, next_after, more}.
std::string render_event_page(const EventPage& page);

}  // namespace vsim::http
