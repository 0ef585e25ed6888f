#pragma once

// The token of the headers Vsim-Sequence and Vsim-Min-Sequence: opaque to clients, and to us the
// place in a stream that a read must not lie before.
//
//   EVENTS:1234   the outcome is this event: wait until it is projected
//   COMMANDS:57   the outcome was not known yet: wait until that of command 57 can be read

#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.h"

namespace vsim::http {

struct SequenceToken {
  std::string stream;
  StreamSequence sequence = 0;
  bool operator==(const SequenceToken&) const = default;
};

std::string encode_sequence(const SequenceToken& token);

/// Nothing when it has not the form of a token. Whether there is such a stream is not looked at.
std::optional<SequenceToken> decode_sequence(std::string_view text);

}  // namespace vsim::http
