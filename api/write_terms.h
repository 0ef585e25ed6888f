#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "api/read_side.h"
#include "schema/http/preferences.h"
#include "schema/read_model/servers.h"

namespace vsim::api {

/// What a client may ask of any write, beside its body.
struct WriteTerms {
  CommandId id;  // of the Idempotency-Key, else a new one
  bool keyed = false;
  http::Preferences preferences;
  std::optional<std::vector<Version>> only_at = {};  // If-Match, unless it is *
  std::string match = {};  // the same as tags, one way to write each set of them; empty: none
  std::optional<http::Problem> unmatchable = {};  // 412 for any server that is there
  bool until_settled = false;  // ?until=settled: wait for the end of the transition too
  std::chrono::steady_clock::time_point deadline;
};

/// Workers before D39, which may be there still while builds change, compare with the version of
/// the last event, refusals included. Where `wanted` names the server's last change, as it is known
/// here, it names that event too from here on: there is no other change between the two. D50
void add_version_of_older_builds(std::optional<std::vector<Version>>& wanted,
                                 const read_model::ServerRow& server);

/// What a write is about.
enum class WriteTo {
  new_server,  // has an end state to wait for
  server,      // that too, and versions
  fleet        // a pool or the clock
};

/// Whether the query is until=settled; nothing else may stand in it, nor that unless `may_settle`.
Reply<bool> read_until_settled(const HttpRequest& request, bool may_settle);

/// Reads Idempotency-Key, Prefer, If-Match and the query string.
Reply<WriteTerms> read_write_terms(const HttpRequest& request, WriteTo target);

}  // namespace vsim::api
