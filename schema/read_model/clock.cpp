#include "schema/read_model/clock.h"

#include "schema/read_model/session.h"

namespace vsim::read_model {

std::vector<Statement> clock_statements() {
  return {
      {"clock",
       "SELECT (date_part('epoch', simulated_at) * 1000)::bigint, stored_at_ns, scale, seed,"
       " (date_part('epoch', deadlines_applied) * 1000)::bigint FROM clock"},
  };
}

std::optional<ClockRow> find_clock(Transaction& tx) {
  const auto rows = execute(tx, "clock", Arguments());
  if (rows.empty()) {
    return std::nullopt;
  }
  const auto row = rows[0];
  ClockRow clock;
  clock.time.sim = instant_of(row[0]);
  clock.time.stored_at = WallTime{std::chrono::nanoseconds(integer_of<std::int64_t>(row[1]))};
  clock.time.scale = row[2].as<double>();
  clock.time.seed = integer_of<std::uint64_t>(row[3]);
  clock.deadlines_applied = instant_of(row[4]);
  return clock;
}

}  // namespace vsim::read_model
