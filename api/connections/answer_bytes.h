#pragma once

// The one writer of HTTP/1.1 answers (RFC 9112, 4 to 6). D17

#include <string>

#include "api/connections/http_message.h"

namespace vsim::api {

struct AnswerFraming {
  bool head_only = false;   // the answer to HEAD: the same head, and nothing behind it
  bool close = false;       // what the header Connection says
  bool keep_alive = false;  // for HTTP/1.0, where closing is the default
};

/// The whole answer as it is sent: status line, headers and body.
std::string to_bytes(const HttpResponse& answer, const AnswerFraming& framing);

}  // namespace vsim::api
