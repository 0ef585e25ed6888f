#pragma once

// Whether EVENTS is still the log that is known: a backup that was restored, another disk that was
// mounted, or a wiped store is another log, whatever its length. Found by the hash of a message
// that is known, never by lengths alone: a log that went backwards grows again. D10, D49

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/message.h"
#include "schema/read_model/checkpoint.h"

namespace vsim::read_model {

/// Why the log is not the one in which `known` stands, as a sentence for an operator; nothing: it
/// is, or no message is known (at sequence 0). `log_end` was asked for before `there`, which is
/// what the log holds at known.sequence. `known_by` says where it is known from: "has been
/// projected".
std::optional<std::string> fault_of_log(const Checkpoint& known, StreamSequence log_end,
                                        const std::optional<eventstore::Message>& there,
                                        std::string_view known_by);

/// The places in EVENTS that the read models know beside those of servers, at one moment.
struct LogMarks {
  std::optional<Checkpoint> checkpoint;
  StreamSequence clock = 0;                       // of the clock's last event; 0: none
  std::map<std::string, StreamSequence> billing;  // of each region's last watermark
};
LogMarks find_log_marks(Transaction& tx);

}  // namespace vsim::read_model
