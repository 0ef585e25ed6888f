#pragma once

// What a handler is given and what it gives.

#include <functional>
#include <string_view>

#include <tl/expected.hpp>

#include "api/admission/access.h"
#include "api/connections/http_message.h"
#include "schema/http/problem.h"

namespace vsim::api {

/// What a handler gets of a request. All views outlive the call.
struct Call {
  const HttpRequest& request;
  std::string_view request_id;
  std::string_view parameter;  // the segment that stands in braces in the pattern, decoded
  std::string_view actor;      // the key's name, for events; empty without a key
  Scope scope = {};            // on routes of servers, commands and bills
};

/// A value, or the problem document that the client is answered with instead.
template <typename T>
using Reply = tl::expected<T, http::Problem>;

using Answer = Reply<HttpResponse>;

/// Called from any thread.
using Handler = std::function<Answer(const Call&)>;

}  // namespace vsim::api
