#pragma once

// What an error means to a reader of /readyz: a sentence of ours. The client library's own text and
// the subject of the request are for logs.

#include <string>

#include "eventstore/result.h"

namespace vsim::eventstore {

/// Such as "NATS has not answered in time". What the broker, or vsim, says of a refusal or of
/// damage stays as it is. Any thread.
std::string in_words(const Error& error);

}  // namespace vsim::eventstore
