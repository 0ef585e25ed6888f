#pragma once

// Queries of the read models, with their errors as problem documents, and the waits by which a
// client reads its own writes.

#include <atomic>
#include <chrono>
#include <functional>
#include <string_view>

#include "api/call.h"
#include "domain/ids.h"
#include "schema/read_model/database.h"

namespace vsim::api {

/// The problem document of a failed query; what the database said goes to the log only.
http::Problem problem_of(const read_model::DatabaseError& error);

/// Any thread.
class ReadSide {
 public:
  /// How long a read waits for the place in the log that Vsim-Min-Sequence names.
  static constexpr std::chrono::seconds wait_max{10};

  /// `pool` outlives it. `stopping` ends the waits.
  ReadSide(read_model::ConnectionPool& pool, std::function<bool()> stopping)
      : pool_(pool), stopping_(std::move(stopping)) {}

  template <typename Query>
  auto read(Query&& query) -> Reply<decltype(query(std::declval<read_model::Transaction&>()))> {
    auto result = pool_.read(std::forward<Query>(query));
    if (!result) {
      return tl::unexpected(problem_of(result.error()));
    }
    return std::move(*result);
  }

  /// The same for the functions that take the pool itself.
  template <typename Query>
  auto look_up(Query&& query)
      -> Reply<typename decltype(query(std::declval<read_model::ConnectionPool&>()))::value_type> {
    auto result = query(pool_);
    if (!result) {
      return tl::unexpected(problem_of(result.error()));
    }
    return std::move(*result);
  }

  /// Waits until the read models hold what the request's Vsim-Min-Sequence stands for. Gives the
  /// problem when it is malformed or does not come in time.
  std::optional<http::Problem> wait_for(const HttpRequest& request);

  /// Waits until JOURNAL is projected up to this command; false when that takes longer.
  bool wait_for_journal(StreamSequence command, std::chrono::milliseconds patience);

  /// Waits until EVENTS is projected up to there; false when that takes longer.
  bool wait_for_events(StreamSequence sequence, std::chrono::milliseconds patience);

  /// Up to where EVENTS is projected, as far as is known: at least so far.
  StreamSequence events_projected() const { return events_projected_; }

  read_model::ConnectionPool& pool() { return pool_; }

 private:
  Reply<bool> reached(std::string_view stream, StreamSequence sequence);

  read_model::ConnectionPool& pool_;
  std::function<bool()> stopping_;
  std::atomic<StreamSequence> events_projected_{0};  // at least; only ever raised
};

}  // namespace vsim::api
