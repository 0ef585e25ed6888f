#pragma once

// A fault of nats.c in reading headers, and how the store marks the messages that it hits.

#include <string_view>

namespace vsim::eventstore {

/// The name of a header that is added to a received message where nats.c has lost some of its own:
/// a header without a value takes the next line for its value there (3.4), and all headers are lost
/// where such a one is the last.
inline constexpr std::string_view lost_headers = "Vsim-Lost-Headers";

}  // namespace vsim::eventstore
