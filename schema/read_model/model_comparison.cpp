#include "schema/read_model/model_comparison.h"

#include <vector>

#include <fmt/format.h>

#include "schema/read_model/long_statement.h"
#include "schema/read_model/projection_tables.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

struct ComparedTable {
  std::string name;
  std::string keys;  // "region, ip"
};

std::vector<ComparedTable> tables_of(Transaction& tx, const std::string& schema) {
  std::vector<ComparedTable> tables;
  const auto rows = tx.exec(
      fmt::format("SELECT t.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)"
                  " FROM pg_class t JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary"
                  " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)"
                  " WHERE t.relnamespace = '{}'::regnamespace AND t.relkind = 'r'"
                  " AND t.relname <> 'migrations' GROUP BY t.relname ORDER BY t.relname",
                  schema));
  for (const auto& row : rows) {
    tables.push_back({text_of(row[0]), text_of(row[1])});
  }
  return tables;
}

/// What of a table is made from EVENTS.
std::string rows_of(const std::string& schema, const std::string& table) {
  std::string only;
  if (table == "projection_checkpoint") {
    only = " WHERE stream = 'EVENTS'";
  }
  if (table == "operations") {
    // What was purged and waits again as a later copy is PENDING in the live model.
    only =
        " WHERE status <> 'PENDING' AND NOT EXISTS (SELECT FROM vsim.operations AS again"
        " WHERE again.id = one.id AND again.status = 'PENDING' AND " +
        left_undone("one", "again") + ")";
  }
  return fmt::format("(SELECT * FROM {}.{} AS one{})", schema, table, only);
}

/// The first differing row by its key, then its first differing column.
std::string difference_sql(const ComparedTable& table, const std::string& schema) {
  return fmt::format(
      "SELECT concat_ws(' ', {keys}), c.key, e ->> c.key, l ->> c.key, e IS NULL, l IS NULL FROM"
      " (SELECT {keys}, to_jsonb(e) AS e, to_jsonb(l) AS l FROM {expected} e"
      "  FULL JOIN {live} l USING ({keys}) WHERE e IS DISTINCT FROM l ORDER BY {keys} LIMIT 1) d,"
      " jsonb_object_keys(coalesce(e, l)) WITH ORDINALITY AS c(key, place)"
      " WHERE (e -> c.key) IS DISTINCT FROM (l -> c.key) ORDER BY c.place LIMIT 1",
      fmt::arg("keys", table.keys), fmt::arg("expected", rows_of(schema, table.name)),
      fmt::arg("live", rows_of("vsim", table.name)));
}

ModelDifference read_difference(const std::string& table, const pqxx::row& row) {
  if (view_of(row[4]) == "t") {
    return {.table = table,
            .row = text_of(row[0]),
            .column = "",
            .expected = "no such row",
            .found = "a row"};
  }
  if (view_of(row[5]) == "t") {
    return {.table = table,
            .row = text_of(row[0]),
            .column = "",
            .expected = "a row",
            .found = "no such row"};
  }
  const auto value = [](const pqxx::field& field) {
    return field.is_null() ? std::string("nothing") : "\"" + text_of(field) + "\"";
  };
  return {.table = table,
          .row = text_of(row[0]),
          .column = text_of(row[1]),
          .expected = value(row[2]),
          .found = value(row[3])};
}

}  // namespace

struct ModelComparison::Impl {
  std::string schema;
  std::unique_ptr<Session> session;
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;

  std::optional<ModelDifference> compare(Transaction& tx, const ComparedTable& table) {
    const auto found = tx.exec(difference_sql(table, schema));
    if (!found.empty()) {
      return read_difference(table.name, found[0]);
    }
    const auto counted = tx.exec("SELECT count(*) FROM " + rows_of(schema, table.name) + " t");
    rows += integer_of<std::uint64_t>(counted[0][0]);
    ++tables;
    return std::nullopt;
  }
};

ModelComparison::ModelComparison(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ModelComparison::~ModelComparison() = default;

DbResult<std::unique_ptr<ModelComparison>> ModelComparison::begin(const std::string& owner_url,
                                                                  const std::string& schema) {
  auto impl = std::make_unique<Impl>();
  impl->schema = schema;
  try {
    impl->session = open_session(owner_url, long_limits, "SET work_mem TO '64MB'");
    const BoundedWait wait(*impl->session);
    pqxx::nontransaction tx(wait.connection());
    tx.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    tx.exec("SELECT 1");  // the snapshot is that of the first statement
    return std::unique_ptr<ModelComparison>(new ModelComparison(std::move(impl)));
  } catch (...) {
    return tl::unexpected(current_failure(impl->session.get()));
  }
}

DbResult<std::optional<ModelDifference>> ModelComparison::first_difference() {
  try {
    BoundedWait wait(*impl_->session);
    const LongStatement work(wait);
    pqxx::nontransaction tx(wait.connection());
    for (const ComparedTable& table : tables_of(tx, impl_->schema)) {
      wait.again();
      if (auto difference = impl_->compare(tx, table)) {
        return difference;
      }
    }
    return std::optional<ModelDifference>();
  } catch (...) {
    return tl::unexpected(current_failure(impl_->session.get()));
  }
}

std::uint64_t ModelComparison::tables() const { return impl_->tables; }
std::uint64_t ModelComparison::rows() const { return impl_->rows; }

}  // namespace vsim::read_model
