#include "api/fault_injector.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "ops/process/faults_of_log.h"
#include "ops/telemetry/log.h"
#include "schema/messages/subjects.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto look_at_stop_interval = 50ms;

bool matches(const FaultRule& rule, std::string_view route, std::string_view key) {
  return (rule.route.empty() || rule.route == route) && (rule.key.empty() || rule.key == key);
}

void log_change(const DoorFaults& faults) {
  if (faults.rules.empty()) {
    return log::info("faults are off", {{"by", faults.changed_by}});
  }
  log::warn("faults are on: callers are answered badly on purpose; DELETE /faults lifts them",
            {{"rules", faults.rules.size()}, {"by", faults.changed_by}});
}

}  // namespace

/// Rules, and the requests that each has matched.
struct FaultInjector::Counted {
  explicit Counted(DoorFaults of) : faults(std::move(of)), requests(faults.rules.size()) {}

  const DoorFaults faults;
  std::vector<std::atomic<std::uint64_t>> requests;
};

http::Problem problem_of(const Injection& injection, int status) {
  http::Problem problem{.code = http::ProblemCode::unavailable,
                        .detail = "this answer was asked for by PUT /faults, rule " +
                                  injection.label +
                                  (injection.moment == FaultMoment::after
                                       ? "; the route has answered, and its answer is lost"
                                       : "; the request was not carried out")};
  for (const auto code : {http::ProblemCode::too_many_requests, http::ProblemCode::internal_error,
                          http::ProblemCode::bad_gateway, http::ProblemCode::gateway_timeout}) {
    problem.code = http::kind_of(code).status == status ? code : problem.code;
  }
  problem.retry_after_seconds = status == 429 || status == 503 ? 1 : 0;
  return problem;
}

FaultInjector::FaultInjector(eventstore::EventStore& events, eventstore::Broker& broker,
                             SimulatedClock& time, telemetry::Metrics& metrics,
                             std::function<bool()> stopping, std::size_t delays_max)
    : events_(events),
      time_(time),
      stopping_(std::move(stopping)),
      delays_max_(delays_max),
      watch_(broker, std::string(messages::faults_subject), [this] {
        refresh();
        return version();
      }) {
  const auto gauge = metrics.gauge(
      "vsim_http_fault_rules", "Rules in force by which requests are answered badly on purpose");
  metrics.on_collect([this, gauge] { gauge.set(in_force()); });
}

std::optional<Injection> FaultInjector::draw(std::string_view route, std::string_view key) {
  const auto rules = counted();
  if (rules == nullptr || is_spared(route) || !time_.known()) {
    return std::nullopt;
  }
  const Instant now = time_.now();
  std::optional<Injection> hit;
  for (std::size_t i = 0; i < rules->faults.rules.size(); ++i) {
    const FaultRule& rule = rules->faults.rules[i];
    if (!rule.in_force_at(now) || !matches(rule, route, key)) {
      continue;
    }
    const std::uint64_t n = ++rules->requests[i];
    if (!hit && strikes(rule, rules->faults.seed, i + 1, n)) {
      hit = Injection{label_of(rule, i + 1), rule.effect, rule.moment, rules->faults.version};
    }
  }
  return hit;
}

void FaultInjector::pause(const Injection& injection, Duration delay) {
  const auto end = Steady::now() + delay;
  const auto goes_on = [&] {
    const auto rules = counted();
    return Steady::now() < end && !stopping_() && rules != nullptr &&
           rules->faults.version == injection.rules;
  };
  if (++delays_ <= delays_max_) {
    while (goes_on()) {
      std::this_thread::sleep_until(std::min(end, Steady::now() + look_at_stop_interval));
    }
  }
  --delays_;
}

void FaultInjector::refresh() {
  auto faults = process::load_faults(events_);
  if (faults) {
    return take(std::move(*faults));
  }
  // Those that we have hold until the broker can be asked again.
  if (faults.error().kind == eventstore::Error::Kind::refused) {
    log::warn("the door's faults cannot be read", {{"error", faults.error().detail}});
  }
}

void FaultInjector::take(DoorFaults faults) {
  std::unique_lock lock(mutex_);
  looked_ = true;
  if (faults.version <= faults_.version) {
    return;  // another thread may have read a later one
  }
  faults_ = std::move(faults);
  if (counted_ != nullptr && counted_->faults.changed == faults_.changed) {
    return;  // an outcome that changes nothing: requests count on
  }
  const bool were_on = counted_ != nullptr;
  const auto now = std::make_shared<Counted>(faults_);
  counted_ = now->faults.rules.empty() ? nullptr : now;
  any_.store(counted_ != nullptr, std::memory_order_relaxed);
  lock.unlock();
  if (were_on || !now->faults.rules.empty()) {
    log_change(now->faults);
  }
}

std::shared_ptr<FaultInjector::Counted> FaultInjector::counted() const {
  const std::lock_guard lock(mutex_);
  return counted_;
}

std::optional<DoorFaults> FaultInjector::known() const {
  const std::lock_guard lock(mutex_);
  return looked_ ? std::optional(faults_) : std::nullopt;
}

Version FaultInjector::version() const {
  const std::lock_guard lock(mutex_);
  return faults_.version;
}

double FaultInjector::in_force() const {
  const auto rules = counted();
  if (rules == nullptr || !time_.known()) {
    return 0;
  }
  const auto now = time_.now();
  return static_cast<double>(
      std::count_if(rules->faults.rules.begin(), rules->faults.rules.end(),
                    [now](const FaultRule& rule) { return rule.in_force_at(now); }));
}

}  // namespace vsim::api
