#include "api/clock_commands.h"

#include <thread>

#include "api/answers.h"
#include "api/backoff.h"
#include "schema/http/documents.h"
#include "schema/http/write_requests.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using http::Problem;
using http::ProblemCode;

constexpr auto first_row_patience = 5s;

}  // namespace

Answer ClockCommands::get(const Call& call) {
  if (const auto query = read_query(call, {}); !query) {
    return tl::unexpected(query.error());
  }
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto clock = read_clock();
  if (!clock) {
    return tl::unexpected(clock.error());
  }
  return show(*clock);
}

Answer ClockCommands::change(const Call& call) {
  auto terms = read_write_terms(call.request, WriteTo::fleet);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  terms->until_settled = true;  // it is answered when all that fell due by it can be read
  const auto action = http::read_clock_request(call.request.body);
  if (!action) {
    return tl::unexpected(invalid(action.error()));
  }
  // A worker would refuse it too; nothing is appended for it.
  const auto* advance = std::get_if<AdvanceClock>(&*action);
  if (advance != nullptr && clock_.now() + advance->by > advance_end) {
    return tl::unexpected(
        invalid("simulated time ends with the year 8999; advance_seconds must end before that"));
  }
  const Write write = write_to(
      call, *terms, std::string(command_type(*action)), Region{std::string(messages::clock_region)},
      std::string(messages::clock_command_subject), std::string(messages::clock_subject),
      messages::encode_clock_action(*action), "/clock");
  const auto result = gateway_.carry_out(write.submission, terms->preferences.patience());
  if (!result) {
    return tl::unexpected(result.error());
  }
  if (const auto* pending = std::get_if<Pending>(&*result)) {
    return accepted_answer(write, *pending);
  }
  const auto& decided = std::get<Decided>(*result);
  if (decided.operation.status != to_string(OutcomeKind::succeeded)) {
    return refused_answer(write, decided);
  }
  const auto clock = wait_for_deadlines(write.terms.deadline);
  if (!clock) {
    return accepted_answer(write, decided);
  }
  return with_terms(show(*clock), write, decided);
}

/// Until all that was due when the last change was made can be read; nothing when that takes
/// longer. The change that is asked about can be read already, and the last one is no earlier.
std::optional<read_model::ClockRow> ClockCommands::wait_for_deadlines(
    std::chrono::steady_clock::time_point deadline) {
  std::optional<Instant> target;
  Backoff backoff(2ms, 50ms);
  while (true) {
    const auto clock = read_clock();
    if (!clock) {
      return std::nullopt;
    }
    target = target.value_or(clock->time.sim);
    if (clock->deadlines_applied >= *target) {
      return *clock;
    }
    if (std::chrono::steady_clock::now() >= deadline || stopping_()) {
      return std::nullopt;
    }
    std::this_thread::sleep_for(backoff.next());
  }
}

/// A log that is being projected for the first time, or again, begins with the clock: it is worth
/// waiting for.
Reply<read_model::ClockRow> ClockCommands::read_clock() {
  const auto give_up = std::chrono::steady_clock::now() + first_row_patience;
  Backoff backoff(5ms, 50ms);
  while (true) {
    const auto clock = read_side_.read(read_model::find_clock);
    if (!clock) {
      return tl::unexpected(clock.error());
    }
    if (*clock) {
      return **clock;
    }
    if (std::chrono::steady_clock::now() >= give_up || stopping_()) {
      return tl::unexpected(Problem{ProblemCode::unavailable,
                                    "the clock cannot be read yet: no worker has projected the "
                                    "log's first event; try again",
                                    {},
                                    1});
    }
    std::this_thread::sleep_for(backoff.next());
  }
}

/// So that whatever is read next goes by a time that is not before this.
HttpResponse ClockCommands::show(const read_model::ClockRow& clock) {
  clock_.refresh();
  return json_answer(200, http::render_clock(clock, clock_.now()));
}

}  // namespace vsim::api
