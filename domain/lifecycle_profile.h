#pragma once

// How a server's transitions go, what befalls it and what its life costs: behaviour as data. A
// profile is read from schema/profiles/NAME.json; a create copies what it needs into its event
// (Terms), so an edited profile never changes the past.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
/// The time to the next of what happens at a constant rate, cut at `longest`: failures of hosts.
struct ExponentialDelay {
  Duration mean{};
  Duration longest{};
  bool operator==(const ExponentialDelay&) const = default;
};
using Delay = std::variant<FixedDelay, UniformDelay, LognormalDelay, ExponentialDelay>;

/// How a transition ends.
enum class Ending : std::uint8_t {
  usual,
  failed,      // in FAILED: of create, start and reboot
  terminated,  // in TERMINATED, as a launch that fails in EC2: of create and start
  stuck        // never by itself
};

std::string_view to_string(Ending ending);  // "stuck"
std::optional<Ending> ending_from(std::string_view name);

/// Whether a transition may end so.
bool may_end(Transition transition, Ending ending);

/// One of the ways that a transition may go.
struct Course {
  Delay delay;
  std::uint32_t weight = 1;  // its share in the sum of all
  Ending ending = Ending::usual;
  std::string code = {};    // of a failure: a word for programs
  std::string detail = {};  // and a sentence for people
  bool operator==(const Course&) const = default;
};

inline constexpr std::uint32_t course_weight_max = 1'000'000;

std::uint64_t weight_of(const std::vector<Course>& courses);  // of all together

/// The ways that a transition may go.
struct Courses {
  Delay usual;                       // it takes so long, and ends as it is meant to;
  std::vector<Course> several = {};  // or one of these, of which one at least has a weight
  bool operator==(const Courses&) const = default;
};
using AllCourses = std::array<Courses, transition_count>;

/// What befalls a running server by itself.
enum class Hazard : std::uint8_t {
  host_failure,  // to STOPPED or FAILED
  impairment,    // RUNNING, but its health is `impaired` for a while
  interruption   // a notice, and its termination two minutes later, as spot servers get it
};
inline constexpr std::size_t hazard_count = 3;
inline constexpr std::chrono::minutes notice_before_interruption{2};

std::string_view to_string(Hazard hazard);  // "host_failure"

/// A hazard that a profile brings.
struct Risk {
  Hazard hazard = Hazard::host_failure;
  Delay after;                       // from when the server becomes RUNNING
  Delay lasting = {};                // of an impairment
  Status becomes = Status::stopped;  // of a host failure
  bool operator==(const Risk&) const = default;
};

/// What is drawn for the transition that a server's event `version` starts. Every draw comes from a
/// hash of the three and of what is drawn, so every worker draws the same; what it gives is stored
/// in the event and never drawn again.
class Draw {
 public:
  Draw(std::uint64_t seed, const ServerId& server, Version version);

  /// Whole milliseconds, never negative.
  Duration delay(const Delay& delay) const;
  Course course(const Courses& courses) const;
  /// Whether it is one of the share that an incident befalls.
  bool befalls(double share) const;
  /// When the hazard comes, and how long it lasts.
  Duration after(const Risk& risk) const;
  Duration lasting(const Risk& risk) const;

 private:
  std::uint64_t bits_;
};

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
  AllCourses courses;
  Status create_ends_in = Status::running;  // running or stopped
  Duration idle_timeout{};                  // of simulated time in STOPPED; 0: never reaped
  BillingPolicy billing;
  std::vector<Risk> risks = {};  // each hazard once at most
  bool operator==(const Terms&) const = default;
};

struct LifecycleProfile {
  std::string name;
  AllCourses courses;
  Status create_ends_in = Status::running;
  Duration idle_timeout{};
  BillingPolicy billing;
  std::vector<Risk> risks = {};
};

}  // namespace vsim
