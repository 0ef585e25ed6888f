#pragma once

// How long a server's transitions take and what its life costs: behaviour as data. A profile is
// read from schema/profiles/NAME.json; a create copies what it needs into its event (Terms), so an
// edited profile never changes the past.

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "domain/ids.h"
#include "domain/instant.h"
#include "domain/money.h"
#include "domain/status.h"

namespace vsim {

struct FixedDelay {
  Duration length{};
  bool operator==(const FixedDelay&) const = default;
};
struct UniformDelay {
  Duration shortest{};
  Duration longest{};
  bool operator==(const UniformDelay&) const = default;
};
/// exp(N(ln median, sigma)), cut at `longest`: boot times have a long tail.
struct LognormalDelay {
  Duration median{};
  double sigma = 0;
  Duration longest{};
  bool operator==(const LognormalDelay&) const = default;
};
using Delay = std::variant<FixedDelay, UniformDelay, LognormalDelay>;

using Delays = std::array<Delay, transition_count>;

/// The delay of the transition that a server's event `version` starts. Drawn from a hash of the
/// three arguments, so every worker draws the same; the deadline it gives is stored in the event
/// and never drawn again. Whole milliseconds, never negative.
Duration draw_delay(const Delay& delay, std::uint64_t seed, const ServerId& server,
                    Version version);

/// What a period of billable time costs. A period begins when the server enters a billable status
/// and ends when it leaves; its length is rounded up to `granularity`, and is `minimum` at least.
struct BillingPolicy {
  std::array<bool, status_count> billable{};
  std::chrono::seconds granularity{1};
  std::chrono::seconds minimum{0};

  bool bills(Status status) const { return billable[static_cast<std::size_t>(status)]; }
  bool operator==(const BillingPolicy&) const = default;
};

/// What one server agreed to at its creation, for life.
struct Terms {
  HourlyRate hourly_rate;
  Delays delays;
  Status create_ends_in = Status::running;  // running or stopped
  Duration idle_timeout{};                  // of simulated time in STOPPED; 0: never reaped
  BillingPolicy billing;
  bool operator==(const Terms&) const = default;
};

struct LifecycleProfile {
  std::string name;
  Delays delays;
  Status create_ends_in = Status::running;
  Duration idle_timeout{};
  BillingPolicy billing;
};

}  // namespace vsim
