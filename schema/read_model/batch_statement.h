#pragma once

// The inside of this folder: the one statement by which a batch of EVENTS goes into the tables. It
// has a part for each table that the batch has rows for, and no other: a part costs Postgres time
// also where nothing comes for it. // D70

#include <array>
#include <cstddef>
#include <string>

#include "schema/read_model/session.h"

namespace vsim::read_model {

/// The tables of a batch, in the order of the statement's parameters.
enum class BatchTable : std::size_t {
  server_events,
  servers,
  server_counts,
  operations,
  addresses,
  region_events,
  clock,
  billing_watermarks,
  billing_periods_begun,
  billing_periods_ended,
  warm_pools,
  warm_pool_counts
};
inline constexpr std::size_t batch_tables = 12;

/// How a table's rows come: one by its values; few or many by an array for each column. Few are
/// picked out of their arrays one by one, which is quicker for them and takes the square of their
/// number in time. The characters name a shape's statement.
enum class RowForm : char { none = '0', one = '1', few = 'f', many = 'n' };
inline constexpr std::size_t few_rows_max = 16;

/// What a statement has a part for.
class BatchShape {
 public:
  RowForm& operator[](BatchTable table) { return forms_[static_cast<std::size_t>(table)]; }
  RowForm operator[](BatchTable table) const { return forms_[static_cast<std::size_t>(table)]; }

  /// A part for every table, which takes any batch: an array may be empty.
  static BatchShape any();

  std::string statement_name() const;

 private:
  std::array<RowForm, batch_tables> forms_ = {
      RowForm::none, RowForm::none, RowForm::none, RowForm::none, RowForm::none, RowForm::none,
      RowForm::none, RowForm::none, RowForm::none, RowForm::none, RowForm::none, RowForm::none};
};

/// Parameters of both: stream, previous sequence, next sequence, its hash, its command sequence,
/// then the rows of the tables. Each gives one row when the checkpoint was moved.
Statement apply_events_statement(const BatchShape& shape);
Statement apply_pending_statement();

/// SQL: whether one row of `operations` has no outcome for good, and the other is of a later copy
/// of its command. Both are names of tables or their aliases.
std::string left_undone(const std::string& earlier, const std::string& later);

}  // namespace vsim::read_model
