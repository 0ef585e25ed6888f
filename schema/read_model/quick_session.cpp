#include "schema/read_model/quick_session.h"

#include <array>
#include <chrono>
#include <utility>

namespace vsim::read_model {
namespace {

constexpr int binary_form = 1;
constexpr std::size_t arguments_max = 16;

}  // namespace

DbResult<std::unique_ptr<QuickSession>> QuickSession::open(const std::string& url,
                                                           const WaitLimits& limits) {
  if (waits_are_over()) {
    return tl::unexpected(
        DatabaseError{DatabaseError::Kind::unavailable, "this process is about to end", true});
  }
  const auto began = std::chrono::steady_clock::now();
  std::unique_ptr<PGconn, Close> connection(PQconnectdb(with_limits(url).c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    auto failure = failure_of("08006", PQerrorMessage(connection.get()));
    // As in open_session(): libpq tells only in words why it gave up.
    failure.silent =
        std::chrono::steady_clock::now() - began >= connect_max - std::chrono::seconds(1);
    return tl::unexpected(std::move(failure));
  }
  std::unique_ptr<QuickSession> session(new QuickSession(std::move(connection), limits));
  if (auto failure = session->set_up()) {
    return tl::unexpected(std::move(*failure));
  }
  return session;
}

QuickSession::QuickSession(std::unique_ptr<PGconn, Close> connection, const WaitLimits& limits)
    : limits_(limits), connection_(std::move(connection)), watch_(PQsocket(connection_.get())) {}

QuickSession::~QuickSession() {
  watch_.begin(limits_.answer);
  connection_.reset();
}

std::optional<DatabaseError> QuickSession::set_up() {
  watch_.begin(limits_.answer);
  const ResultHandle result(PQexec(connection_.get(), session_sql(limits_).c_str()));
  watch_.end();
  if (is_broken()) {
    return why_broken();
  }
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    return failure_of(state == nullptr ? "" : state, PQresultErrorMessage(result.get()));
  }
  PQenterPipelineMode(connection_.get());
  return std::nullopt;
}

bool QuickSession::usable() const { return !is_broken() && !statements_lost_; }

bool QuickSession::is_broken() const {
  return watch_.cut() || PQstatus(connection_.get()) != CONNECTION_OK;
}

DatabaseError QuickSession::why_broken() const {
  return watch_.cut() ? no_answer()
                      : DatabaseError{DatabaseError::Kind::unavailable, "the connection was lost"};
}

std::optional<DatabaseError> QuickSession::run(std::vector<QuickRead*>& reads,
                                               const OnFinished& on_finished) {
  std::optional<DatabaseError> failure;
  busy_.reset();
  while (!failure && !reads.empty()) {
    const std::size_t before = reads.size();
    failure = round_trip(reads, on_finished);
    // Postgres skips what stands behind a statement that failed, which is finished itself.
    if (!failure && reads.size() == before) {
      failure = why_broken();
    }
    // What one has waited for in vain, those behind it would wait for as long, one after the other.
    if (!failure && !reads.empty()) {
      failure = std::exchange(busy_, std::nullopt);
    }
  }
  return failure;
}

std::optional<DatabaseError> QuickSession::round_trip(std::vector<QuickRead*>& reads,
                                                      const OnFinished& on_finished) {
  watch_.begin(limits_.answer);
  const auto all_asked = send(reads);
  reads.clear();
  for (const Asked& asked : all_asked) {
    if (take_outcome(asked)) {
      asked.read->finished = true;
      on_finished(*asked.read);
    } else {
      reads.push_back(asked.read);
    }
  }
  if (!take_synchronisation()) {
    statements_lost_ = true;  // what comes next on this session is not known
  }
  watch_.end();
  if (is_broken()) {
    return why_broken();
  }
  // They are not finished, and a new session has the statements.
  return statements_lost_ ? std::optional(DatabaseError{DatabaseError::Kind::busy,
                                                        "the session lost its statements"})
                          : std::nullopt;
}

/// What is sent lies in libpq's buffer until the synchronisation at its end.
std::vector<QuickSession::Asked> QuickSession::send(const std::vector<QuickRead*>& reads) {
  std::vector<Asked> asked;
  asked.reserve(reads.size());
  for (QuickRead* const read : reads) {
    const std::string& name = read->statement.name;
    const bool prepares = prepared_.insert(name).second;
    if (prepares) {
      PQsendPrepare(connection_.get(), name.c_str(), read->statement.sql.c_str(), 0, nullptr);
    }
    std::array<const char*, arguments_max> values{};
    int count = 0;
    for (const auto& value : read->arguments.values()) {
      values.at(static_cast<std::size_t>(count++)) = value ? value->c_str() : nullptr;
    }
    PQsendQueryPrepared(connection_.get(), name.c_str(), count, values.data(), nullptr, nullptr,
                        binary_form);
    asked.push_back({read, prepares});
  }
  PQpipelineSync(connection_.get());
  return asked;
}

ResultHandle QuickSession::next_result() { return ResultHandle(PQgetResult(connection_.get())); }

/// Whether the read is finished: it has its rows, or a failure of its own.
bool QuickSession::take_outcome(const Asked& asked) {
  QuickRead& read = *asked.read;
  if (asked.prepares) {
    const ResultHandle made = next_result();
    next_result();  // none: the end of the statement's results
    const auto status = PQresultStatus(made.get());
    if (status != PGRES_COMMAND_OK) {
      prepared_.erase(read.statement.name);
    }
    if (status == PGRES_FATAL_ERROR) {
      fail(read, made.get());
    }
  }
  ResultHandle rows = next_result();
  if (rows) {
    next_result();
  }
  switch (PQresultStatus(rows.get())) {
    case PGRES_TUPLES_OK:
      read.rows = std::move(rows);
      return true;
    case PGRES_FATAL_ERROR:
      fail(read, rows.get());
      break;
    default:  // skipped, for a failure before it
      break;
  }
  return read.failure.has_value();
}

/// The end of the round trip's results. A statement of which nothing came leaves an end of its own.
bool QuickSession::take_synchronisation() {
  constexpr int ends_max = 2;
  for (int ends = 0; ends <= ends_max && !is_broken();) {
    const ResultHandle result = next_result();
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) {
      return true;
    }
    ends += result ? 0 : 1;
  }
  return false;
}

/// Keeps the failure with the read if it is the statement's and not the session's.
void QuickSession::fail(QuickRead& read, const PGresult* result) {
  const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view state = field == nullptr ? "" : field;
  if (means_lost_statements(state)) {
    statements_lost_ = true;
    return;
  }
  auto failure = failure_of(state, PQresultErrorMessage(result));
  if (!is_broken() && !state.empty() && failure.kind != DatabaseError::Kind::unavailable) {
    if (failure.kind == DatabaseError::Kind::busy) {
      busy_ = failure;
    }
    read.failure = std::move(failure);
  }
}

}  // namespace vsim::read_model
