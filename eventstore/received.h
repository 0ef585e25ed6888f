#pragma once

// A message that is not stored: a request, a reply or an announcement. A plain value.

#include <string>

#include "eventstore/message.h"

namespace vsim::eventstore {

/// A message outside of any stream, or a reply.
struct Received {
  std::string subject;
  std::string reply_to;
  Headers headers;
  std::string payload;
};

}  // namespace vsim::eventstore
