#include "api/http_api.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <exception>
#include <iterator>

#include "api/answers.h"
#include "api/write_terms.h"
#include "ops/process/last_words.h"
#include "ops/telemetry/log.h"
#include "schema/http/query_string.h"
#include "schema/http/write_requests.h"
#include "schema/messages/uuid.h"

namespace vsim::api {
namespace {

using http::Problem;
using http::ProblemCode;

constexpr std::string_view request_id_header = "X-Request-Id";
constexpr std::string_view injected_header = "Vsim-Injected";
constexpr std::string_view metrics_pattern = "/metrics";
constexpr std::string_view events_pattern = "/events";

HttpResponse text_answer(std::string body) {
  HttpResponse response = json_answer(200, std::move(body));
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

/// A document that changes only with the build: caches may keep it under its tag.
Answer document_answer(const Call& call, const std::string& document, const std::string& tag) {
  const auto known = read_known_tags(call.request);
  if (!known) {
    return tl::unexpected(known.error());
  }
  HttpResponse response = json_answer(200, document);
  response.add("ETag", tag);
  response.add("Cache-Control", "no-cache");  // kept, and asked for again
  return unless_known(std::move(response), *known);
}

std::vector<Route> make_other_routes(const Handlers& on, telemetry::Metrics& metrics) {
  using enum Method;
  using enum http::Role;
  constexpr std::nullopt_t open = std::nullopt;
  constexpr bool everybodys = true;
  return {
      {get, "/servers/{id}", reader, [on](const Call& call) { return on.queries.get(call); }},
      {get, "/servers", reader, [on](const Call& call) { return on.queries.list(call); }},
      {post, "/servers", caller, [on](const Call& call) { return on.commands.create(call); }},
      {post, "/server", caller, [on](const Call& call) { return on.commands.create(call); }},
      {remove, "/servers/{id}", caller,
       [on](const Call& call) { return on.commands.terminate(call); }},
      {post, "/servers/{id}/action", caller,
       [on](const Call& call) { return on.commands.act(call); }},
      {post, "/servers/{id}/lease", caller,
       [on](const Call& call) { return on.commands.extend_lease(call); }},
      {post, "/servers/{id}/release", caller,
       [on](const Call& call) { return on.commands.release(call); }},
      {get, "/servers/{id}/logs", reader, [on](const Call& call) { return on.queries.logs(call); }},
      {get, "/operations/{id}", reader, [on](const Call& call) { return on.operations.get(call); }},
      {get, "/operations", reader, [on](const Call& call) { return on.operations.list(call); }},
      {get, "/regions", reader, [on](const Call& call) { return on.regions.list(call); },
       everybodys},
      {get, "/regions/{region}", reader, [on](const Call& call) { return on.regions.get(call); },
       everybodys},
      {get, "/types", reader, [on](const Call& call) { return on.queries.types(call); },
       everybodys},
      {get, "/profiles", reader, [on](const Call& call) { return on.queries.profiles(call); },
       everybodys},
      {get, "/profiles/{name}", reader, [on](const Call& call) { return on.queries.profile(call); },
       everybodys},
      {post, "/regions/{region}/addresses", operator_,
       [on](const Call& call) { return on.commands.extend_pool(call); }, everybodys},
      {put, "/regions/{region}/incident", operator_,
       [on](const Call& call) { return on.incidents.set(call); }, everybodys},
      {remove, "/regions/{region}/incident", operator_,
       [on](const Call& call) { return on.incidents.lift(call); }, everybodys},
      {get, "/regions/{region}/incidents", reader,
       [on](const Call& call) { return on.regions.incidents(call); }, everybodys},
      {get, "/clock", reader, [on](const Call& call) { return on.clock.get(call); }, everybodys},
      {post, "/clock", operator_, [on](const Call& call) { return on.clock.change(call); },
       everybodys},
      {get, "/faults", reader, [on](const Call& call) { return on.faults.get(call); }, everybodys},
      {put, "/faults", operator_, [on](const Call& call) { return on.faults.set(call); },
       everybodys},
      {remove, "/faults", operator_, [on](const Call& call) { return on.faults.lift(call); },
       everybodys},
      {get, "/billing", reader, [on](const Call& call) { return on.billing.get(call); }},
      {get, "/healthz", open, [](const Call&) { return json_answer(200, "{\"status\":\"ok\"}\n"); },
       everybodys},
      {get, "/readyz", open,
       [on](const Call&) {
         const auto readiness = on.health.check();
         return json_answer(readiness.ready() ? 200 : 503, readiness.to_json());
       },
       everybodys},
      {get, "/openapi.json", open,
       [on, tag = http::content_tag(on.openapi_document)](const Call& call) {
         return document_answer(call, on.openapi_document, tag);
       },
       everybodys},
      {get, "/console/", open, [on](const Call& call) { return on.console.get(call); }, everybodys},
      {get, "/console/{file}", open, [on](const Call& call) { return on.console.get(call); },
       everybodys},
      {get, "/swagger/{file}", open, [on](const Call& call) { return on.swagger.get(call); },
       everybodys},
      {get, std::string(metrics_pattern), reader,
       [&metrics](const Call&) { return text_answer(metrics.text()); }, everybodys},
  };
}

std::vector<Route> make_routes(const Handlers& on, telemetry::Metrics& metrics) {
  auto routes = make_other_routes(on, metrics);
  routes.push_back({Method::get, std::string(events_pattern), http::Role::reader,
                    [on](const Call& call) { return on.events.get(call); }});
  std::ranges::move(routes_of(on.warm_pools, on.acquisitions), std::back_inserter(routes));
  return routes;
}

bool is_json(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find_first_of("; \t"));
  constexpr std::string_view suffix = "+json";
  return equal_ignoring_case(type, "application/json") ||
         (type.size() > suffix.size() &&
          equal_ignoring_case(type.substr(type.size() - suffix.size()), suffix));
}

/// Whether it goes without the present time. A browser that comes again to its event stream must
/// not be turned away.
bool is_timeless(const Route& route) {
  return route.pattern == metrics_pattern || route.pattern == events_pattern;
}

std::string request_id_of(const HttpRequest& request) {
  const std::string_view given = request.header(request_id_header);
  if (http::is_header_word(given, http::request_id_characters_max)) {
    return std::string(given);
  }
  return messages::uuid_from_time().to_string();
}

/// A method or a path, for a problem's detail, if it is short and can be printed.
std::string printable(std::string_view text) {
  const bool harmless = text.size() <= 128 && http::is_printable_utf8(text);
  return harmless ? std::string(text) : "this path";
}

/// For OPTIONS: no content, and the methods that the path takes.
HttpResponse options_answer(const std::string& allow) {
  HttpResponse response;
  response.status = 204;
  response.add("Allow", allow);
  return response;
}

HttpResponse wrong_method_answer(const HttpRequest& request, const std::string& allow,
                                 std::string_view request_id) {
  HttpResponse response =
      problem_answer({.code = ProblemCode::method_not_allowed,
                      .detail = printable(request.path) + " does not take " +
                                printable(request.method) + "; it takes " + allow},
                     request_id);
  response.add("Allow", allow);
  return response;
}

/// A page of another web site can send a form or plain text without asking first, JSON it cannot.
bool is_no_json_body(const HttpRequest& request) {
  const std::string type = request.joined_header("Content-Type");
  const bool has_body = request.fetch_body != nullptr || !request.body.empty();
  return type.empty() ? has_body : !is_json(type);
}

}  // namespace

HttpApi::HttpApi(const Handlers& handlers, const Access& access, const OriginCheck& origins,
                 RequestLimits& limits, FaultInjector& injector, telemetry::Metrics& metrics)
    : access_(access),
      origins_(origins),
      limits_(limits),
      injector_(injector),
      time_(handlers.time),
      routes_(make_routes(handlers, metrics)),
      settled_seconds_(metrics.histogram("vsim_http_settled_seconds",
                                         "Seconds from a request with until=settled, which waits "
                                         "for simulated time, to its answer",
                                         {}, telemetry::latency_bounds_seconds())) {
  for (const Route& route : routes_.routes()) {
    metrics_.push_back(metrics_of(metrics, std::string(name_of(route.method)), route.pattern));
  }
  metrics_.push_back(metrics_of(metrics, "any", "none"));
}

HttpApi::RouteMetrics HttpApi::metrics_of(telemetry::Metrics& metrics, const std::string& method,
                                          const std::string& pattern) {
  const auto answers = [&](const char* status) {
    return metrics.counter("vsim_http_requests_total", "Requests, by route and kind of status",
                           {{"method", method}, {"route", pattern}, {"status", status}});
  };
  const auto injected = [&](const char* effect) {
    return metrics.counter("vsim_http_injected_total",
                           "Requests that were answered badly on purpose, by route and effect",
                           {{"method", method}, {"route", pattern}, {"effect", effect}});
  };
  return {method + " " + pattern,
          {answers("1xx"), answers("2xx"), answers("3xx"), answers("4xx"), answers("5xx")},
          metrics.histogram("vsim_http_request_seconds",
                            "Seconds from a request to its answer, but of those with "
                            "until=settled",
                            {{"method", method}, {"route", pattern}},
                            telemetry::latency_bounds_seconds()),
          {injected("status"), injected("delay"), injected("cut")},
          injected("outage")};
}

HttpResponse HttpApi::handle(HttpRequest& request) {
  const auto began = std::chrono::steady_clock::now();
  const std::string request_id = request_id_of(request);
  const Identity who = access_.identify(request);
  const auto admission = limits_.admit(request, who.key_name());
  Routed routed = admission.refused()
                      ? Routed{tl::unexpected(limits_.refusal(admission)), &unrouted()}
                      : route(request, who, request_id);
  Answer& answer = routed.answer;
  HttpResponse response = answer ? std::move(*answer) : problem_answer(answer.error(), request_id);
  const int answered = response.status;
  const bool by_outage = response.by_outage;
  count(request, routed, response, std::chrono::steady_clock::now() - began);
  inject(routed, response, request_id);
  response.close = request.fault.has_value();
  if (response.header("Cache-Control") == nullptr) {
    // What depends on the time, or on events to come, must not be shown again (RFC 9111, 4.2.2).
    response.add("Cache-Control", "no-store");
  }
  response.add(std::string(request_id_header), request_id);
  const int judged = routed.stands_in() ? response.status : answered;
  limits_.conclude(admission, judged >= 500 && !by_outage, response);

  if (log::enabled(log::Level::debug)) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    log::debug("answered",
               {{"method", request.method},
                {"path", request.path},
                {"status", response.cut ? 0 : response.status},
                {"seconds", took.count()},
                {"actor", who.caller ? std::string_view(who.caller->name) : ""},
                {"injected", routed.injection ? std::string_view(routed.injection->label) : ""},
                {"request_id", request_id}});
  }
  return response;
}

/// What the route itself has answered, and how fast: alerts on errors and slowness go by it, so
/// what a fault adds is not in it, nor what a region refuses that fails on purpose.
void HttpApi::count(const HttpRequest& request, const Routed& routed, const HttpResponse& response,
                    std::chrono::duration<double> took) const {
  if (routed.injection) {
    routed.metrics->injected[routed.injection->effect.index()].add();
  }
  if (routed.stands_in()) {
    return;
  }
  assert(response.status >= 100 && response.status < 600);
  const auto kind = static_cast<std::size_t>(response.status / 100 - 1);
  (response.by_outage ? routed.metrics->by_outage : routed.metrics->answers[kind]).add();
  took -= routed.delayed;
  (asks_to_wait(request) ? settled_seconds_ : routed.metrics->seconds).observe(took.count());
}

/// Does to the answer what a fault asks for, once the request is carried out; marks it.
void HttpApi::inject(const Routed& routed, HttpResponse& response,
                     std::string_view request_id) const {
  if (!routed.injection) {
    return;
  }
  const Injection& injection = *routed.injection;
  if (const auto* status = std::get_if<AnswerStatus>(&injection.effect)) {
    response = problem_answer(problem_of(injection, status->status), request_id);
  } else if (std::holds_alternative<CutConnection>(injection.effect)) {
    response.cut = true;
  } else if (injection.moment == FaultMoment::after) {
    injector_.pause(injection, std::get<DelayAnswer>(injection.effect).by);
  }
  response.add(std::string(injected_header), injection.label);
}

/// Of a request that is refused whatever its path.
std::optional<Problem> HttpApi::refusal_of(const HttpRequest& request, const Identity& who) const {
  if (request.fault) {
    return problem_of(request);
  }
  return who.is_anybody() ? origins_.refusal(request) : std::nullopt;
}

HttpApi::Routed HttpApi::route(HttpRequest& request, const Identity& who,
                               std::string_view request_id) {
  if (auto refusal = refusal_of(request, who)) {
    return {tl::unexpected(std::move(*refusal)), &unrouted()};
  }
  if (request.path == "*") {  // OPTIONS * asks about the server, not about a path (RFC 9110, 9.3.7)
    return {options_answer(routes_.all_methods()), &unrouted()};
  }
  const auto found = routes_.find(request.method, request.path);
  const Route* route = found ? found->route : nullptr;
  const RouteMetrics& metrics = route != nullptr ? metrics_[found->index] : unrouted();
  if (route == nullptr || route->role) {
    // Without a key only open routes are answered: others not even with a 404.
    const http::Role role = route != nullptr ? *route->role : http::Role::reader;
    if (auto refusal = access_.refusal(who, role, metrics.name)) {
      return {tl::unexpected(std::move(*refusal)), &metrics};
    }
  }
  if (!found) {
    return {tl::unexpected(Problem{.code = ProblemCode::not_found,
                                   .detail = "there is nothing at " + printable(request.path)}),
            &metrics};
  }
  if (route == nullptr) {
    return {request.method == "OPTIONS" ? options_answer(found->allow)
                                        : wrong_method_answer(request, found->allow, request_id),
            &metrics};
  }
  return injector_.any()
             ? pass_faults(*found, request, who, request_id)
             : Routed{enter(*route, found->parameter, request, who, request_id), &metrics};
}

/// The route's answer, or that of a fault which takes its place. D93
HttpApi::Routed HttpApi::pass_faults(const RouteTable::Found& found, HttpRequest& request,
                                     const Identity& who, std::string_view request_id) {
  const RouteMetrics& metrics = metrics_[found.index];
  Routed routed{HttpResponse(), &metrics, injector_.draw(metrics.name, who.key_name())};
  if (routed.stands_in()) {
    return routed;
  }
  const auto* delay =
      routed.injection ? std::get_if<DelayAnswer>(&routed.injection->effect) : nullptr;
  if (delay != nullptr && routed.injection->moment == FaultMoment::before) {
    const auto began = std::chrono::steady_clock::now();
    injector_.pause(*routed.injection, delay->by);
    routed.delayed = std::chrono::steady_clock::now() - began;
  }
  routed.answer = enter(*found.route, found.parameter, request, who, request_id);
  return routed;
}

/// Calls the route's function once nothing in the head is in its way, with the body.
Answer HttpApi::enter(const Route& route, std::string_view parameter, HttpRequest& request,
                      const Identity& who, std::string_view request_id) {
  const bool takes_body = route.method == Method::post || route.method == Method::put;
  if (takes_body && is_no_json_body(request)) {
    return tl::unexpected(Problem{.code = ProblemCode::unsupported_media_type,
                                  .detail = "the body must be JSON; send it with the header "
                                            "Content-Type: application/json"});
  }
  if (route.role && !is_timeless(route) && !time_.known()) {
    return tl::unexpected(unavailable(
        "it is not known yet what time it is: the broker (NATS) has not told; try again"));
  }
  request.take_body();
  if (request.fault) {
    return tl::unexpected(problem_of(request));
  }
  Call call{.request = request,
            .request_id = request_id,
            .parameter = parameter,
            .actor = who.caller ? std::string_view(who.caller->name) : ""};
  if (who.caller && !route.is_everybodys) {
    auto scope = access_.scope_of(request, who);
    if (!scope) {
      return tl::unexpected(std::move(scope.error()));
    }
    call.scope = std::move(*scope);
  } else if (who.caller) {
    call.scope.own = who.caller->account;
  }
  return call_guarded(route, call);
}

/// Catches what a handler throws: a bug, which is answered 500 and must not end the process.
Answer HttpApi::call_guarded(const Route& route, const Call& call) {
  try {
    return route.handler(call);
  } catch (...) {
    log::error("a handler failed: a bug", {{"route", route.pattern},
                                           {"error", process::what_was_thrown()},
                                           {"request_id", std::string(call.request_id)}});
  }
  return tl::unexpected(Problem{.code = ProblemCode::internal_error,
                                .detail =
                                    "the API failed on this request; its log says why, under the "
                                    "request id"});
}

}  // namespace vsim::api
