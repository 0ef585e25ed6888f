#pragma once

// Which events a client wants, and may see.

#include <map>
#include <optional>
#include <string>

#include "schema/http/event_documents.h"

namespace vsim::api {

/// A value. What is not set does not choose.
struct EventFilter {
  std::optional<std::string> account;  // whose servers and commands
  std::optional<std::string> region;
  std::optional<std::string> server;  // its id
  std::optional<std::string> event;   // "server_stopped"
  // Of the server after the event, as GET /servers has them:
  std::optional<std::string> type;
  std::optional<std::string> status;
  std::map<std::string, std::string> tags;
  std::optional<Instant> since;  // events that bear this time or a later one

  bool matches(const http::EventDocument& event) const;
  auto operator<=>(const EventFilter&) const = default;
};

}  // namespace vsim::api
