#pragma once

// The routes, and what all of them share: request ids, keys, limits, content types, wrong methods,
// problem documents, metrics.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/acquisitions.h"
#include "api/admission/access.h"
#include "api/admission/origin_check.h"
#include "api/admission/request_limits.h"
#include "api/billing_queries.h"
#include "api/clock_commands.h"
#include "api/event_queries.h"
#include "api/fault_commands.h"
#include "api/fault_injector.h"
#include "api/health.h"
#include "api/incidents.h"
#include "api/operations.h"
#include "api/region_queries.h"
#include "api/route_table.h"
#include "api/server_commands.h"
#include "api/server_queries.h"
#include "api/static_files.h"
#include "api/warm_pools.h"
#include "ops/telemetry/metrics.h"

namespace vsim::api {

/// What the routes call, and the documents that some of them answer with.
struct Handlers {
  ServerCommands& commands;
  ServerQueries& queries;
  Operations& operations;
  RegionQueries& regions;
  Incidents& incidents;
  WarmPools& warm_pools;
  Acquisitions& acquisitions;
  ClockCommands& clock;
  FaultCommands& faults;
  EventQueries& events;
  BillingQueries& billing;
  Health& health;
  const SimulatedClock& time;
  const StaticFiles& swagger;
  const StaticFiles& console;
  const std::string& openapi_document;
};

/// Any thread.
class HttpApi {
 public:
  /// All outlive it.
  HttpApi(const Handlers& handlers, const Access& access, const OriginCheck& origins,
          RequestLimits& limits, FaultInjector& injector, telemetry::Metrics& metrics);

  /// Answers any request, also a faulty one; never throws. Takes the body off the connection where
  /// the head gives no reason to refuse it.
  HttpResponse handle(HttpRequest& request);

  const RouteTable& routes() const { return routes_; }

 private:
  struct RouteMetrics {
    std::string name;                           // "GET /servers"
    std::array<telemetry::Counter, 5> answers;  // by hundreds of the status
    telemetry::Histogram seconds;
    std::array<telemetry::Counter, std::variant_size_v<FaultEffect>> injected;
    telemetry::Counter by_outage;
  };
  /// An answer, where it is counted, and the fault that has touched it or is to.
  struct Routed {
    Answer answer;
    const RouteMetrics* metrics;
    std::optional<Injection> injection = {};
    std::chrono::duration<double> delayed{};  // before the route was called
    /// Whether a fault has taken the route's place, which then has given no answer.
    bool stands_in() const {
      return injection && injection->moment == FaultMoment::before &&
             !std::holds_alternative<DelayAnswer>(injection->effect);
    }
  };
  RouteMetrics metrics_of(telemetry::Metrics& metrics, const std::string& method,
                          const std::string& pattern);
  std::optional<http::Problem> refusal_of(const HttpRequest& request, const Identity& who) const;
  Routed route(HttpRequest& request, const Identity& who, std::string_view request_id);
  Routed pass_faults(const RouteTable::Found& found, HttpRequest& request, const Identity& who,
                     std::string_view request_id);
  void count(const HttpRequest& request, const Routed& routed, const HttpResponse& response,
             std::chrono::duration<double> took) const;
  void inject(const Routed& routed, HttpResponse& response, std::string_view request_id) const;
  Answer enter(const Route& route, std::string_view parameter, HttpRequest& request,
               const Identity& who, std::string_view request_id);
  Answer call_guarded(const Route& route, const Call& call);
  const RouteMetrics& unrouted() const { return metrics_.back(); }

  const Access& access_;
  const OriginCheck& origins_;
  RequestLimits& limits_;
  FaultInjector& injector_;
  const SimulatedClock& time_;
  RouteTable routes_;
  telemetry::Histogram settled_seconds_;
  std::vector<RouteMetrics> metrics_;  // of the routes, and one more for requests without a route
};

}  // namespace vsim::api
