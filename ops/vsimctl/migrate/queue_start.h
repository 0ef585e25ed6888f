#pragma once

// The first sequence of a queue that is made anew, so that nothing in it looks old. D16

#include "eventstore/broker.h"
#include "eventstore/message.h"

namespace vsim::vsimctl {

/// One above every number of the queue that EVENTS or JOURNAL holds, of those that are counted
/// (queue_numbers_counted). Reads both to their ends, so it takes as long as they are.
eventstore::Result<eventstore::Sequence> first_free_number(eventstore::Broker& broker);

}  // namespace vsim::vsimctl
