#pragma once

// From a decided-upon command to its outcome: publishes it so that it is stored exactly once
// whatever the broker's answers, then waits until what became of it can be read. Decides nothing
// about servers.

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "api/log_side.h"
#include "api/outcome_inbox.h"
#include "api/read_side.h"
#include "api/submission.h"
#include "ops/telemetry/metrics.h"
#include "schema/http/preferences.h"
#include "schema/read_model/operations.h"

namespace vsim::api {

/// Stored, and its outcome cannot be read yet: it is late, never lost.
struct Pending {
  StreamSequence sequence = 0;  // in COMMANDS
};

/// Has an outcome, which can be read. The server is as the outcome left it.
struct Decided : read_model::OperationWithServer {
  bool replayed = false;  // an earlier request with this Idempotency-Key was given it
};

using Result = std::variant<Decided, Pending>;

/// Any thread. A call blocks until the outcome or the end of the patience, and a few seconds more
/// when the broker does not answer; it holds no database connection while it waits.
class CommandGateway {
 public:
  /// All outlive it.
  CommandGateway(eventstore::CommandPublisher& publisher, LogSide& log_side, ReadSide& read_side,
                 OutcomeInbox& inbox, telemetry::Metrics& metrics);

  /// `patience` 0: does not wait. The problem tells why the command was not taken, or that this is
  /// not known. A keyed command that was purged or put with the dead letters is published again.
  Reply<Result> carry_out(const Submission& submission, std::chrono::seconds patience);

 private:
  using Clock = std::chrono::steady_clock;

  /// How one try to publish ended.
  enum class Step { stored, again, refused };
  struct Publishing;

  /// Where a command stands in the queue, or stood.
  struct Stored {
    StreamSequence sequence = 0;
    bool by_others = false;  // an earlier request with its key, which has an outcome since
    bool at_once = false;    // by the first try of this request
  };

  Reply<Stored> publish(const Submission& submission, StreamSequence undone,
                        const std::string& reply_to);
  Step publish_once(const Submission& submission, const std::string& reply_to, Publishing& state);
  Step after_duplicate(const Submission& submission, Publishing& state);
  Step after_vanished(const Submission& submission, Publishing& state);
  Step after_occupied(const Submission& submission, Publishing& state);

  Reply<std::optional<read_model::OperationWithServer>> find_own(const Submission& submission);
  Reply<std::optional<read_model::OperationWithServer>> as_it_was(const Submission& submission,
                                                                  StreamSequence event_sequence);
  Reply<Result> wait(const Submission& submission, OutcomeInbox::Ticket& ticket,
                     const Stored& stored, Clock::time_point began, Clock::time_point deadline);

  eventstore::CommandPublisher& publisher_;
  LogSide& log_side_;
  ReadSide& read_side_;
  OutcomeInbox& inbox_;
  telemetry::Counter published_;
  telemetry::Counter published_again_;
  telemetry::Counter looks_;
};

}  // namespace vsim::api
