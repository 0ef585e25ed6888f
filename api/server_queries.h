#pragma once

// The reads: servers, their logs, types and profiles.

#include "api/applied_time.h"
#include "api/log_side.h"
#include "api/read_side.h"
#include "api/simulated_clock.h"
#include "domain/catalogue.h"

namespace vsim::api {

inline constexpr std::uint64_t limit_max = 200;  // of every list
inline constexpr std::uint64_t servers_limit_default = 50;
inline constexpr std::uint64_t servers_offset_max = 1'000'000;
inline constexpr std::uint64_t logs_limit_default = 100;

/// Any thread.
class ServerQueries {
 public:
  /// All outlive it.
  ServerQueries(LogSide& log_side, ReadSide& read_side, SimulatedClock& clock, AppliedTime& applied,
                const Catalogue& catalogue)
      : log_side_(log_side),
        read_side_(read_side),
        clock_(clock),
        applied_(applied),
        catalogue_(catalogue) {}

  Answer list(const Call& call);      // GET /servers
  Answer get(const Call& call);       // GET /servers/{id}
  Answer logs(const Call& call);      // GET /servers/{id}/logs
  Answer types(const Call& call);     // GET /types
  Answer profiles(const Call& call);  // GET /profiles
  Answer profile(const Call& call);   // GET /profiles/{name}

 private:
  Answer show(const ServerId& id, const Scope& scope);
  Answer show_at(const ServerId& id, const Scope& scope, Instant at);
  Answer show_from_streams(const ServerId& id, const Scope& scope, Instant live);

  LogSide& log_side_;
  ReadSide& read_side_;
  SimulatedClock& clock_;
  AppliedTime& applied_;
  const Catalogue& catalogue_;
};

}  // namespace vsim::api
