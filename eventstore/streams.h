#pragma once

// Makes the broker's streams and consumers be as a JSON document says, by raw requests: nats.c's
// own update drops every setting it does not know.

#include <string_view>

#include "eventstore/broker.h"

namespace vsim::eventstore {

/// `definition` is schema/messages/streams.json: {"streams":[<stream config>...],
/// "consumers":[{"stream_name","config"}...]}. Creates what is missing and updates what is there,
/// so it can be run again at any time. A work queue that has to be made anew although `log_stream`
/// is not empty gets a first sequence above any that the log may know (microseconds since 1970).
Result<void> ensure_streams(const Broker& broker, std::string_view definition,
                            const std::string& log_stream);

}  // namespace vsim::eventstore
