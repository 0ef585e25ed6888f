#pragma once

// On what terms a client asks for a write: Idempotency-Key, Prefer, If-Match, ?until=settled.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "domain/ids.h"
#include "schema/http/preferences.h"
#include "schema/read_model/servers.h"

namespace vsim::api {

/// What a client may ask of any write, beside its body.
struct WriteTerms {
  CommandId id;        // of the Idempotency-Key, else a new one
  bool keyed = false;  // so it may have been sent before
  http::Preferences preferences;
  std::optional<std::vector<Version>> only_at = {};  // If-Match, unless it is *. D36
  std::string match = {};  // the same as tags, one way to write each set of them; empty: none
  std::optional<http::Problem> unmatchable = {};  // 412 for any server that is there
  bool until_settled = false;  // ?until=settled: wait for the end of the transition too
  std::chrono::steady_clock::time_point deadline;
};

/// Workers before D39, which may still run during an upgrade, compare with the version of the last
/// event, refusals included. Where `wanted` names the server's last change, as it is known here,
/// this adds the version of its last event: there is no other change between the two. D50
void add_version_of_older_builds(std::optional<std::vector<Version>>& wanted,
                                 const read_model::ServerRow& server);

/// What is written to.
enum class WriteTarget {
  new_server,  // takes until=settled and account
  server,      // takes these and If-Match
  warm_pool,   // takes account
  fleet        // a pool or the clock: takes none of them
};

/// Whether the query has until=settled. A problem when anything but what such a target takes stands
/// in it.
Reply<bool> read_until_settled(const HttpRequest& request, WriteTarget target);

/// Whether the request asks to wait: for a settled state, or with Prefer to read an operation or
/// for a server of a warm pool. Its time says nothing about how fast the API is.
bool asks_to_wait(const HttpRequest& request);

/// Reads Idempotency-Key, Prefer, If-Match and the query string. Keys count per account: of the
/// call's own.
Reply<WriteTerms> read_write_terms(const Call& call, WriteTarget target);

}  // namespace vsim::api
