#pragma once

#include <chrono>

#include "api/read_side.h"
#include "schema/http/preferences.h"

namespace vsim::api {

/// What a client may ask of any write, beside its body.
struct WriteTerms {
  CommandId id;  // of the Idempotency-Key, else a new one
  bool keyed = false;
  http::Preferences preferences;
  bool until_settled = false;  // ?until=settled: wait for the end of the transition too
  std::chrono::steady_clock::time_point deadline;
};

/// Reads Idempotency-Key, Prefer and the query string. `may_settle`: the write has an end state to
/// wait for.
Reply<WriteTerms> read_write_terms(const HttpRequest& request, bool may_settle);

}  // namespace vsim::api
