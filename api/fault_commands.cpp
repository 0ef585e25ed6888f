#include "api/fault_commands.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string_view>

#include "api/answers.h"
#include "api/polling.h"
#include "schema/http/documents.h"
#include "schema/http/write_requests.h"
#include "schema/messages/faults_codec.h"
#include "schema/messages/member_names.h"
#include "schema/messages/subjects.h"

namespace vsim::api {

using namespace std::chrono_literals;

Answer FaultCommands::get(const Call& call) {
  const auto query = read_query(call, {"at"});
  if (!query) {
    return tl::unexpected(query.error());
  }
  const auto at = read_past(*query, time_);
  if (!at) {
    return tl::unexpected(at.error());
  }
  if (!*at) {
    return show();
  }
  const auto faults = log_side_.faults_at(**at);
  if (!faults) {
    return tl::unexpected(faults.error());
  }
  return json_answer(200, http::render_faults(*faults, **at));
}

Answer FaultCommands::set(const Call& call) {
  auto terms = read_write_terms(call, WriteTarget::fleet);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto asked = http::read_faults_request(call.request.body);
  if (!asked) {
    return tl::unexpected(invalid(asked.error()));
  }
  if (const auto unknown = find_unknown_route(*asked)) {
    return tl::unexpected(invalid("the body is wrong: " + *unknown));
  }
  return carry_out(call, std::move(*terms), *asked);
}

Answer FaultCommands::lift(const Call& call) {
  auto terms = read_write_terms(call, WriteTarget::fleet);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  return carry_out(call, std::move(*terms), LiftFaults{});
}

/// Only an API knows the routes: a rule that was typed by hand may name one that matches nothing.
std::optional<std::string> FaultCommands::find_unknown_route(const SetFaults& asked) const {
  auto routes = routes_();
  std::erase_if(routes, [](const std::string& route) { return is_spared(route); });
  const std::vector<std::string_view> known(routes.begin(), routes.end());
  for (std::size_t i = 0; i < asked.rules.size(); ++i) {
    const std::string& route = asked.rules[i].rule.route;
    if (!route.empty() && std::find(known.begin(), known.end(), route) == known.end()) {
      return "rules[" + std::to_string(i) + R"(]: "route" )" + messages::unknown_name(route, known);
    }
  }
  return std::nullopt;
}

Answer FaultCommands::carry_out(const Call& call, WriteTerms terms, const FaultsAction& action) {
  const Write write = make_write(call,
                                 {.terms = std::move(terms),
                                  .region = Region{std::string(messages::faults_region)},
                                  .type = std::string(command_type(action)),
                                  .payload = messages::encode_faults_action(action)},
                                 "/faults");
  const auto result = gateway_.carry_out(write, write.terms.preferences.patience());
  if (!result) {
    return tl::unexpected(result.error());
  }
  if (auto without = answer_without_success(write, *result)) {
    return std::move(*without);
  }
  const auto is_known = [&] {
    injector_.refresh();
    const auto faults = injector_.known();
    return faults && faults->version >= result->operation.version;
  };
  const auto give_up = std::chrono::steady_clock::now() + write.terms.preferences.patience();
  if (!poll_until(give_up, stopping_, {5ms, 100ms}, is_known, std::identity())) {
    return accepted_answer(write, *result);  // it is done, and cannot be shown
  }
  auto shown = show();
  return shown ? with_terms(std::move(*shown), write, *result) : shown;
}

/// From the log, so that what was answered holds here, and also where Postgres is away.
Reply<HttpResponse> FaultCommands::show() {
  injector_.refresh();
  const auto faults = injector_.known();
  if (!faults || !time_.known()) {
    return tl::unexpected(
        unavailable("the faults cannot be read yet: the broker (NATS) has not told; try again"));
  }
  time_.refresh();
  return json_answer(200, http::render_faults(*faults, time_.now()));
}

}  // namespace vsim::api
