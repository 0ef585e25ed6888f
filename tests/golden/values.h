#pragma once

// What the golden messages are about, written out once: one server, one command, one moment.

#include <string>

#include "domain/server.h"

namespace vsim::golden {

inline const ServerId the_server{*Uuid::parse("11111111-2222-4333-8444-555555555555")};
inline const Region the_region{"us-east-1"};
inline const std::string the_hash(64, 'a');

/// So many seconds after noon.
inline Instant at(std::int64_t seconds) {
  return Instant(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)) + std::chrono::hours(12) +
         std::chrono::seconds(seconds);
}

inline Cause cause(std::string type) {
  return {.command = {*Uuid::parse("0190c3d2-7b1a-7c44-9f00-0123456789ab")},
          .sequence = 17,
          .request_hash = the_hash,
          .type = std::move(type)};
}

/// Of a later command than cause().
inline LastCommand later_command() {
  return {.cause = {.command = {*Uuid::parse("6b1f0c52-9d3e-5a77-8a10-2ec45b90e133")},
                    .sequence = 19,
                    .request_hash = the_hash,
                    .type = "start"},
          .outcome = {.kind = OutcomeKind::rejected,
                      .rejection = Rejection{RejectionCode::invalid_transition, "it runs"}}};
}

inline const Origin the_origin{.actor = "key-of-ops", .correlation_id = "r-1"};
inline const Origin no_origin{.actor = "timekeeper", .correlation_id = ""};

}  // namespace vsim::golden
