#pragma once

// A command as the API publishes it.

#include <optional>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "eventstore/message.h"

namespace vsim::api {

/// A command ready to be published.
struct Submission {
  CommandId id;
  bool keyed = false;          // its id comes from an Idempotency-Key: it may have been sent before
  std::string subject;         // in COMMANDS
  std::string waiting_filter;  // where it waits, whatever its region
  std::string events_filter;   // where its outcome will stand in EVENTS, whatever its region
  std::string payload;
  std::string request_hash;
  std::string request_id;
  std::string actor;                                 // who asks
  std::optional<std::vector<Version>> only_at = {};  // If-Match: the versions to act on
  std::string match = {};                            // as it is in the hash; empty: there is none
};

/// Which of the messages that may be published for one command. Message ids of different copies
/// differ; two requests that send the same copy send the same id, and the broker stores one.
struct CommandCopy {
  int attempt = 1;  // counts what one request sends
  int suffix = 0;   // above 0: the id without it is known to the broker, nothing is stored
  StreamSequence undone = 0;  // of the outcome, in EVENTS, that left the command undone; 0: none
};

/// The headers of a copy. `reply_to` may be empty.
eventstore::Headers headers_of(const Submission& submission, const std::string& reply_to,
                               const CommandCopy& copy);

/// Whether it only waits for its slot: commands of a pool or of the clock do not exclude each other
/// as a server's do.
bool takes_turns(const Submission& submission);

/// Whether a command with this id and hash came from another request: a misuse of the key. A copy
/// that an operator has sent by hand may have lost its hash, which tells nothing then.
bool is_another_request(const std::string& request_hash, const Submission& submission);

}  // namespace vsim::api
