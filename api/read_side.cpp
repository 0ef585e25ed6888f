#include "api/read_side.h"

#include "api/answers.h"
#include "api/polling.h"
#include "ops/telemetry/log.h"
#include "schema/http/query_string.h"
#include "schema/http/sequence_token.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/operations.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::string_view min_sequence_header = "Vsim-Min-Sequence";

http::Problem malformed_token(std::string_view text) {
  return {.code = http::ProblemCode::invalid_request,
          .detail = "Vsim-Min-Sequence is \"" + std::string(text.substr(0, 64)) +
                    "\"; give the value of Vsim-Sequence from the answer to a write"};
}

/// Logs one line a second at most: in an outage every request fails.
void log_failure(const std::string& detail) {
  static std::atomic<std::int64_t> last_second{-1};
  const auto now = Steady::now().time_since_epoch();
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  if (last_second.exchange(second) != second) {
    log::warn("queries fail", {{"error", detail}});
  }
}

}  // namespace

http::Problem problem_of(const read_model::DatabaseError& error) {
  using Kind = read_model::DatabaseError::Kind;
  log_failure(error.detail);
  http::Problem problem = unavailable("");
  switch (error.kind) {
    case Kind::unavailable:
      problem.detail = error.silent ? "the read models (Postgres) do not answer; try again"
                                    : "the read models (Postgres) cannot be reached; try again";
      break;
    case Kind::busy:
    case Kind::read_only:
      problem.detail = "the read models (Postgres) cannot answer now; try again";
      break;
    case Kind::not_migrated:
      problem.detail = "the read models have not been made yet: no worker has run; try again";
      break;
    case Kind::bad_value:
    case Kind::refused:
      problem.detail = "the read models (Postgres) refused a query; the API's log says why";
      break;
  }
  return problem;
}

Reply<bool> ReadSide::reached(std::string_view stream, StreamSequence sequence) {
  if (sequence == 0) {
    return true;  // before the first of all
  }
  if (stream == messages::commands_stream) {
    return read(
        [&](read_model::Transaction& tx) { return read_model::command_is_decided(tx, sequence); });
  }
  if (events_projected_ >= sequence) {
    return true;
  }
  const auto checkpoint =
      read([&](read_model::Transaction& tx) { return read_model::find_checkpoint(tx, stream); });
  if (!checkpoint) {
    return tl::unexpected(checkpoint.error());
  }
  const StreamSequence projected = *checkpoint ? (*checkpoint)->sequence : 0;
  StreamSequence known = events_projected_;
  while (known < projected && !events_projected_.compare_exchange_weak(known, projected)) {
  }
  return projected >= sequence;
}

std::optional<http::Problem> ReadSide::wait_for(const HttpRequest& request) {
  if (!request.has_header(min_sequence_header)) {
    return std::nullopt;
  }
  if (request.count_headers(min_sequence_header) > 1) {
    return http::Problem{
        .code = http::ProblemCode::invalid_request,
        .detail = "Vsim-Min-Sequence is there more than once; send the later one of them"};
  }
  const std::string_view text = request.header(min_sequence_header);
  const auto token = http::decode_sequence(text);
  if (!token ||
      (token->stream != messages::events_stream && token->stream != messages::commands_stream)) {
    return malformed_token(http::is_printable_utf8(text) ? text : "...");
  }
  const auto there = poll_until(
      Steady::now() + wait_max, stopping_, Backoff(2ms, 50ms),
      [&] { return reached(token->stream, token->sequence); },
      [](const Reply<bool>& known) { return !known || *known; });
  if (!there) {
    return there.error();
  }
  if (!*there) {
    return unavailable("the read models have not come to " + std::string(text) + " within " +
                       std::to_string(wait_max.count()) + " s; try again");
  }
  return std::nullopt;
}

bool ReadSide::wait_for_events(StreamSequence sequence, std::chrono::milliseconds patience) {
  const auto there = poll_until(
      Steady::now() + patience, stopping_, Backoff(1ms, 5ms),
      [&] { return reached(messages::events_stream, sequence); },
      [](const Reply<bool>& known) { return !known || *known; });
  return there.value_or(false);
}

bool ReadSide::wait_for_journal(StreamSequence command, std::chrono::milliseconds patience) {
  const auto projected = poll_until(
      Steady::now() + patience, stopping_, Backoff(5ms, 100ms),
      [&]() -> Reply<bool> {
        const auto checkpoint = read([](read_model::Transaction& tx) {
          return read_model::find_checkpoint(tx, messages::journal_stream);
        });
        if (!checkpoint) {
          return tl::unexpected(checkpoint.error());
        }
        return *checkpoint && (*checkpoint)->command_sequence >= command;
      },
      [](const Reply<bool>& known) { return !known || *known; });
  return projected.value_or(false);
}

}  // namespace vsim::api
