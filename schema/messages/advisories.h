#pragma once

// The broker's advisories that the stream ADVISORIES keeps, as far as vsim acts on them.

#include <cstdint>
#include <optional>

#include "eventstore/message.h"

namespace vsim::messages {

/// A message of COMMANDS that will not be delivered again by the consumer that workers share.
struct MaxDeliveries {
  eventstore::Sequence sequence = 0;
  std::uint64_t deliveries = 0;
};

/// Nothing when the advisory is about something else.
std::optional<MaxDeliveries> read_max_deliveries(const eventstore::Message& advisory);

}  // namespace vsim::messages
