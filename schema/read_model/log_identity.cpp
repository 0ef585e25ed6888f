#include "schema/read_model/log_identity.h"

#include <fmt/format.h>

#include "eventstore/lost_message.h"
#include "schema/messages/sha256.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {

std::optional<std::string> fault_of_log(const Checkpoint& known, StreamSequence log_end,
                                        const std::optional<eventstore::Message>& there,
                                        std::string_view known_by) {
  if (known.sequence == 0) {
    return std::nullopt;
  }
  if (log_end < known.sequence) {
    return fmt::format(
        "the log went backwards: EVENTS ends at {}, {} {}; restore it, or run vsimctl rebuild",
        log_end, known.sequence, known_by);
  }
  if (!there) {
    return eventstore::lost_message(known.sequence, messages::events_stream,
                                    "it " + std::string(known_by));
  }
  if (messages::sha256_hex(there->payload) != known.hash) {
    return fmt::format(
        "the log went backwards: message {} of EVENTS is not the one that {}; restore it, or run "
        "vsimctl rebuild",
        known.sequence, known_by);
  }
  return std::nullopt;
}

std::vector<Statement> log_identity_statements() {
  return {
      {"log_marks",
       "SELECT 'checkpoint', hash, sequence FROM projection_checkpoint WHERE stream = $1"
       " UNION ALL SELECT 'clock', '', sequence FROM clock"
       " UNION ALL SELECT 'billing', region, sequence FROM billing_watermarks"},
  };
}

LogMarks find_log_marks(Transaction& tx) {
  LogMarks marks;
  for (const auto& row : execute(tx, "log_marks", Arguments().text(messages::events_stream))) {
    const auto sequence = integer_of<StreamSequence>(row[2]);
    if (view_of(row[0]) == "checkpoint") {
      marks.checkpoint = Checkpoint{sequence, text_of(row[1]), 0};
    } else if (view_of(row[0]) == "clock") {
      marks.clock = sequence;
    } else {
      marks.billing[text_of(row[1])] = sequence;
    }
  }
  return marks;
}

}  // namespace vsim::read_model
