#pragma once

// Makes the broker's streams and consumers be as a JSON document says, by raw requests: nats.c's
// own update drops every setting it does not know. D12

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/broker.h"
#include "eventstore/message.h"

namespace vsim::eventstore {

/// `definition` is schema/messages/streams.json: {"streams":[<stream config>...],
/// "consumers":[{"stream_name","config"}...]}. Creates what is missing and updates what is there,
/// so it can be run again at any time. A work queue that has to be made anew although `log_stream`
/// is not empty begins at the broker's time in microseconds since 1970, or at what `above_log`
/// gives if that is higher. `above_log` is called for such a queue alone.
using FirstSequence = std::function<Result<Sequence>()>;
Result<void> ensure_streams(const Broker& broker, std::string_view definition,
                            const std::string& log_stream, const FirstSequence& above_log = {});

/// How a stream, or a consumer of it, differs from the definition.
struct StreamDifference {
  std::string stream;
  std::string what;  // such as "max_msgs is 7, not 100000", or "does not exist"
};

/// All differences; what the definition does not name may be as it likes. Changes nothing.
Result<std::vector<StreamDifference>> stream_differences(const Broker& broker,
                                                         std::string_view definition);

}  // namespace vsim::eventstore
