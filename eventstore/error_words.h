#pragma once

// What an error means to who reads /readyz: a sentence of ours. The client library's own words, and
// the subject that was asked, are for logs.

#include <string>

#include "eventstore/result.h"

namespace vsim::eventstore {

/// Such as "NATS has not answered in time". What the broker, or vsim, says of a refusal or of
/// damage stays as it is. Any thread.
std::string in_words(const Error& error);

}  // namespace vsim::eventstore
