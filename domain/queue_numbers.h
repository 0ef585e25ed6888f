#pragma once

// The numbers of COMMANDS, and when they cannot be relied on. Decisions tell old deliveries from
// new ones by them, so they must only ever grow (D16, D45). Pure; any thread.

#include <optional>
#include <string>

#include "domain/ids.h"

namespace vsim {

/// A queue begins at 1, or at the time in microseconds, and takes far less than a message a
/// microsecond: before the year 2219 it does not come here by itself, only by a purge beyond its
/// end. From here on a number makes no lower one old: the server's history is asked instead. The
/// limit is below 2^53, up to which every reader of JSON is exact (RFC 8259, section 6), and below
/// 2^62, from where on nats-server 2.15 hands out nothing; it is near no number that people type.
inline constexpr StreamSequence queue_numbers_high = (StreamSequence{1} << 53) - (1ULL << 50);

/// From here on an operator is told; and from the end on no command is carried out.
inline constexpr StreamSequence queue_numbers_broken = queue_numbers_high + (1ULL << 40);
inline constexpr StreamSequence queue_numbers_end = queue_numbers_broken + (1ULL << 40);

/// A queue that is made anew begins above every number that was given below this one. So it has
/// room for 2^30 commands at least before it is told of again; what lies from here on is passed
/// over.
inline constexpr StreamSequence queue_numbers_counted = queue_numbers_broken - (1ULL << 30);

struct QueueNumbers {
  StreamSequence last = 0;       // of the newest command that the queue ever stored
  StreamSequence delivered = 0;  // as far as its consumer is, asked for before `last`
  StreamSequence known = 0;      // the highest in the read models that is counted, asked before
};

/// Why commands are not carried out, as a sentence for an operator; nothing: they are.
std::optional<std::string> fault_of(const QueueNumbers& numbers);

}  // namespace vsim
