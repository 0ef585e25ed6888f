#pragma once

// The one sentence about a message that the broker has lost.

#include <string>
#include <string_view>

#include "eventstore/message.h"

namespace vsim::eventstore {

/// What is said where the broker does not give a message that it has stored, the same wherever it
/// is met: "message 7 of EVENTS is lost though 9 is there: the broker's store is damaged
/// (ops/runbook.md, The log is damaged)". `known_by` says why it must have been there. The words up
/// to "is lost" are what the runbook looks for.
inline std::string lost_message(Sequence sequence, std::string_view stream,
                                std::string_view known_by) {
  return "message " + std::to_string(sequence) + " of " + std::string(stream) + " is lost though " +
         std::string(known_by) +
         ": the broker's store is damaged (ops/runbook.md, The log is damaged)";
}

}  // namespace vsim::eventstore
