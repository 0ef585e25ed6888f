#pragma once

// From a command to its outcome: publishes it so that it is stored exactly once, whatever the
// broker answers, then waits until its outcome can be read. Decides nothing about servers.

#include <chrono>
#include <optional>
#include <string>

#include "api/log_side.h"
#include "api/outcome_inbox.h"
#include "api/read_side.h"
#include "api/write.h"
#include "ops/telemetry/metrics.h"
#include "schema/http/preferences.h"
#include "schema/read_model/operations.h"

namespace vsim::api {

/// What has become of a write: its operation, which is PENDING while its outcome cannot be read (it
/// is late, never lost), and the server as the outcome left it.
struct WriteResult : read_model::OperationWithServer {
  bool replayed = false;  // an earlier request with this Idempotency-Key was given the outcome
};

/// Any thread. A call blocks until the outcome or the end of the patience, and a few seconds more
/// when the broker does not answer; it holds no database connection while it waits.
class CommandGateway {
 public:
  /// All outlive it.
  CommandGateway(eventstore::CommandPublisher& publisher, LogSide& log_side, ReadSide& read_side,
                 OutcomeInbox& inbox, telemetry::Metrics& metrics);

  /// Waits for the outcome for as long as `patience`, which may be 0. The problem says why the
  /// command was not stored, or that this is not known. A keyed command that was purged or
  /// dead-lettered is published again.
  Reply<WriteResult> carry_out(const Write& write, std::chrono::milliseconds patience);

  /// What the read models know of a command of that id; a problem when it came with another
  /// request.
  Reply<std::optional<read_model::OperationWithServer>> find_own(const Write& write);

 private:
  using Steady = std::chrono::steady_clock;

  /// How one attempt to publish ended.
  enum class Step { stored, again, refused };
  struct Publishing;

  /// The place that a command has in the queue, or had.
  struct Stored {
    StreamSequence sequence = 0;
    bool by_others = false;  // an earlier request with its key, which has an outcome since
    bool at_once = false;    // by the first try of this request
    bool anywhere = false;   // at some server, by a request at the same time
  };

  Reply<Stored> publish(const Write& write, StreamSequence undone, const std::string& reply_to);
  Step publish_once(const Write& write, const std::string& reply_to, Publishing& state);
  Step after_duplicate(const Write& write, Publishing& state);
  Step after_duplicate_anywhere(const Write& write, StreamSequence sequence, Publishing& state);
  Step after_vanished(const Write& write, Publishing& state);
  Step after_occupied(const Write& write, Publishing& state);

  Reply<std::optional<read_model::OperationWithServer>> as_it_was(const Write& write,
                                                                  StreamSequence event_sequence);
  Reply<WriteResult> wait(const Write& write, OutcomeInbox::Ticket& ticket, const Stored& stored,
                          Steady::time_point began, Steady::time_point deadline);

  eventstore::CommandPublisher& publisher_;
  LogSide& log_side_;
  ReadSide& read_side_;
  OutcomeInbox& inbox_;
  telemetry::Counter published_;
  telemetry::Counter published_again_;
  telemetry::Counter looks_;
};

}  // namespace vsim::api
