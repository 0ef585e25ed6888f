#include "api/clock_commands.h"

#include "api/answers.h"
#include "api/outcomes.h"
#include "api/polling.h"
#include "schema/http/documents.h"
#include "schema/http/write_requests.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
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
  auto terms = read_write_terms(call, WriteTarget::fleet);
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
  const Write write = make_write(call,
                                 {.terms = std::move(*terms),
                                  .region = Region{std::string(messages::clock_region)},
                                  .type = std::string(command_type(*action)),
                                  .payload = messages::encode_clock_action(*action)},
                                 "/clock");
  const auto result = gateway_.carry_out(write, write.terms.preferences.patience());
  if (!result) {
    return tl::unexpected(result.error());
  }
  if (auto without = answer_without_success(write, *result)) {
    return std::move(*without);
  }
  const auto clock = wait_for_deadlines(write.terms.deadline);
  if (!clock) {
    return accepted_answer(write, *result);
  }
  return with_terms(show(*clock), write, *result);
}

/// Waits until all that was due when the last change was made can be read; gives nothing when that
/// takes longer. The change that is asked about can be read already, and the last one is no
/// earlier.
std::optional<read_model::ClockRow> ClockCommands::wait_for_deadlines(
    std::chrono::steady_clock::time_point deadline) {
  std::optional<Instant> target;
  const auto applied = [&](const Reply<read_model::ClockRow>& clock) {
    target = clock && !target ? clock->time.sim : target;
    return clock && clock->deadlines_applied >= *target;
  };
  const auto clock = poll_until(
      deadline, stopping_, Backoff(2ms, 50ms), [&] { return read_clock(); },
      [&](const Reply<read_model::ClockRow>& read) { return !read || applied(read); });
  return applied(clock) ? std::optional(*clock) : std::nullopt;
}

/// Waits for the row where there is none yet: a log that is being projected for the first time, or
/// again, begins with the clock.
Reply<read_model::ClockRow> ClockCommands::read_clock() {
  const auto clock = poll_until(
      std::chrono::steady_clock::now() + first_row_patience, stopping_, Backoff(5ms, 50ms),
      [&] { return read_side_.read(read_model::find_clock); },
      [](const auto& read) { return !read || *read; });
  if (!clock) {
    return tl::unexpected(clock.error());
  }
  if (!*clock) {
    return tl::unexpected(
        unavailable("the clock cannot be read yet: no worker has projected the log's first event; "
                    "try again"));
  }
  return **clock;
}

/// Refreshes the time first: what is read next must go by a time that is not before this one.
HttpResponse ClockCommands::show(const read_model::ClockRow& clock) {
  clock_.refresh();
  return json_answer(200, http::render_clock(clock, clock_.now()));
}

}  // namespace vsim::api
