#include "schema/read_model/operations.h"

#include <limits>

#include "domain/account.h"
#include "domain/queue_numbers.h"
#include "schema/read_model/server_columns.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

const std::string selected_columns =
    "o.id, o.type, o.region, coalesce(o.server_id::text, ''), o.status, o.code, o.detail,"
    " o.request_hash, o.actor, o.correlation_id, o.command_sequence, o.event_sequence, o.version,"
    " (date_part('epoch', o.decided_at) * 1000)::bigint, o.account";
constexpr int operation_column_count = 15;

OperationRow read_operation(const pqxx::row& row) {
  int next = 0;
  const auto field = [&] { return row[static_cast<pqxx::row::size_type>(next++)]; };
  OperationRow operation;
  operation.id = text_of(field());
  operation.type = text_of(field());
  operation.region = text_of(field());
  operation.server_id = text_of(field());
  operation.status = text_of(field());
  operation.code = text_of(field());
  operation.detail = text_of(field());
  operation.request_hash = text_of(field());
  operation.actor = text_of(field());
  operation.correlation_id = text_of(field());
  operation.command_sequence = static_cast<StreamSequence>(integer_of<std::int64_t>(field()));
  operation.event_sequence = integer_of<StreamSequence>(field());
  operation.version = integer_of<Version>(field());
  operation.decided_at = optional_instant_of(field());
  operation.account = text_of(field());
  return operation;
}

// What a list may filter by. The usual status is filtered while walking; the unusual ones have an
// index, which the planner takes only when the condition says so.
// Commands in the name of the default account are most, and are filtered while walking, too.
enum OperationFilterBit : unsigned {
  of_server = 1,
  in_region = 2,
  with_status = 4,
  unusual = 8,
  of_account = 16,
  of_named_account = 32  // than the default one
};
constexpr unsigned operation_shapes_end = 64;

// The numbers of COMMANDS have 64 bits without a sign; a bigint holds the same bits, so that none
// is lost. Those from 2^63 on, which only a purge beyond the end gives, count as older than all.
std::int64_t bits_of(StreamSequence sequence) { return static_cast<std::int64_t>(sequence); }

constexpr auto least = std::numeric_limits<std::int64_t>::min();
constexpr auto most = std::numeric_limits<std::int64_t>::max();

bool is_asked_for(unsigned shape) {
  const auto implies = [shape](unsigned bit, unsigned other) {
    return (shape & bit) == 0 || (shape & other) != 0;
  };
  return implies(unusual, with_status) && implies(of_named_account, of_account);
}

std::string list_name(unsigned shape) { return "operations_list_" + std::to_string(shape); }

/// Parameters: 1 the limit, 2 the highest command sequence, then the filters'.
std::string list_sql(unsigned shape) {
  int parameter = 3;
  std::string sql = "SELECT " + selected_columns + " FROM (SELECT * FROM operations" +
                    " WHERE command_sequence <= $2::bigint";
  const auto filter = [&](unsigned bit, const char* column) {
    if ((shape & bit) != 0) {
      sql += std::string(" AND ") + column + " = $" + std::to_string(parameter++);
    }
  };
  filter(of_server, "server_id");
  filter(in_region, "region");
  filter(with_status, "status");
  filter(of_account, "account");
  if ((shape & of_named_account) != 0) {
    sql += " AND account <> 'default'";  // the condition of their indexes. D58
  }
  if ((shape & unusual) != 0) {
    sql += " AND status <> 'SUCCEEDED'";
  }
  // A constant first, for the planner's sake; see servers.cpp.
  return sql + " ORDER BY command_sequence DESC LIMIT 201) o LIMIT $1";
}

}  // namespace

std::vector<Statement> operation_statements() {
  std::vector<Statement> statements{
      {"operation_by_id", "SELECT " + selected_columns + ", " + server_columns(ValueForm::text) +
                              " FROM operations o LEFT JOIN servers s ON s.id = o.server_id"
                              " WHERE o.id = $1"},
      {"operations_pending", "SELECT " + selected_columns +
                                 " FROM operations o WHERE status <> 'SUCCEEDED'"
                                 " AND status = 'PENDING' AND command_sequence >= $1"
                                 " ORDER BY command_sequence LIMIT $2"},
      {"operations_of_fleet",
       "SELECT " + selected_columns +
           " FROM operations o WHERE server_id IS NULL AND event_sequence > 0"
           " ORDER BY event_sequence LIMIT $1"},
      {"operation_settled",
       "SELECT (date_part('epoch', at) * 1000)::bigint, event, command_id"
       " FROM server_events WHERE server_id = $1 AND version >= $2"
       " AND (event IN ('server_provisioned', 'server_started', 'server_stopped',"
       " 'server_rebooted', 'server_terminated', 'server_failed')"
       " OR (event = 'server_terminating' AND version > $2)"
       " OR (event IN ('lease_extended', 'server_assigned') AND version = $2)"
       // Of a server that is reset at once; else it is settled when it has rebooted.
       " OR (event = 'server_released' AND version = $2 AND message NOT LIKE '%, rebooting, %'))"
       " ORDER BY version LIMIT 1"},
      {"server_termination",
       "SELECT command_id FROM server_events WHERE server_id = $1 AND command_id IS NOT NULL"
       " AND event IN ('server_terminating', 'server_terminated')"
       " ORDER BY version DESC LIMIT 1"},
      {"operation_newest",
       "SELECT max(command_sequence) FROM operations"
       " WHERE command_sequence BETWEEN 1 AND " +
           std::to_string(queue_numbers_counted - 1)},
      {"operation_decided",
       "SELECT 1 FROM operations"
       " WHERE command_sequence = $1 AND status <> 'PENDING' LIMIT 1"}};
  for (unsigned shape = 0; shape < operation_shapes_end; ++shape) {
    if (is_asked_for(shape)) {
      statements.push_back({list_name(shape), list_sql(shape)});
    }
  }
  return statements;
}

std::optional<OperationWithServer> find_operation(Transaction& tx, const CommandId& id) {
  const auto rows = execute(tx, "operation_by_id", Arguments().ready(id.to_string()));
  if (rows.empty()) {
    return std::nullopt;
  }
  OperationWithServer found{read_operation(rows[0]), std::nullopt};
  if (!rows[0][operation_column_count].is_null()) {
    found.server = read_server(rows[0], operation_column_count);
  }
  return found;
}

std::optional<Settled> find_settled(Transaction& tx, const OperationRow& operation) {
  const Arguments arguments =
      Arguments().ready(operation.server_id).integer(static_cast<std::int64_t>(operation.version));
  const auto rows = execute(tx, "operation_settled", arguments);
  if (rows.empty()) {
    return std::nullopt;
  }
  // A launch that fails, or an interruption, ends a server by itself; a release may by what it is.
  const bool ended = view_of(rows[0][1]).starts_with("server_terminat") && !rows[0][2].is_null();
  const bool by_another =
      ended && operation.type != "terminate" && view_of(rows[0][2]) != operation.id;
  return Settled{instant_of(rows[0][0]), by_another};
}

std::optional<OperationWithServer> find_termination(Transaction& tx, const std::string& server_id) {
  const auto rows = execute(tx, "server_termination", Arguments().ready(server_id));
  const auto id = rows.empty() ? std::nullopt : Uuid::parse(text_of(rows[0][0]));
  return id ? find_operation(tx, CommandId{*id}) : std::nullopt;
}

std::vector<OperationRow> list_operations(Transaction& tx, const OperationFilter& filter,
                                          std::uint32_t limit, StreamSequence before) {
  if (before != 0 && bits_of(before) == least) {
    return {};
  }
  Arguments arguments;
  arguments.integer(limit).integer(before == 0 ? most : bits_of(before) - 1);
  unsigned shape = 0;
  if (filter.server_id) {
    shape |= of_server;
    arguments.text(*filter.server_id);
  }
  if (filter.region) {
    shape |= in_region;
    arguments.text(*filter.region);
  }
  if (filter.status) {
    shape |= with_status | (*filter.status == "SUCCEEDED" ? 0U : unusual);
    arguments.text(*filter.status);
  }
  if (filter.account) {
    shape |= of_account | (*filter.account == default_account ? 0U : of_named_account);
    arguments.text(*filter.account);
  }
  std::vector<OperationRow> operations;
  for (const auto& row : execute(tx, list_name(shape), arguments)) {
    operations.push_back(read_operation(row));
  }
  return operations;
}

std::vector<OperationRow> list_pending(Transaction& tx, StreamSequence after, std::size_t limit) {
  if (bits_of(after) == most) {
    return {};
  }
  const Arguments arguments = Arguments()
                                  .integer(after == 0 ? least : bits_of(after) + 1)
                                  .integer(static_cast<std::int64_t>(limit));
  std::vector<OperationRow> operations;
  for (const auto& row : execute(tx, "operations_pending", arguments)) {
    operations.push_back(read_operation(row));
  }
  return operations;
}

std::vector<OperationRow> list_fleet_outcomes(Transaction& tx, std::size_t limit) {
  const Arguments arguments = Arguments().integer(static_cast<std::int64_t>(limit));
  std::vector<OperationRow> operations;
  for (const auto& row : execute(tx, "operations_of_fleet", arguments)) {
    operations.push_back(read_operation(row));
  }
  return operations;
}

StreamSequence newest_command(Transaction& tx) {
  const auto rows = execute(tx, "operation_newest", Arguments());
  return rows[0][0].is_null() ? 0 : integer_of<StreamSequence>(rows[0][0]);
}

bool command_is_decided(Transaction& tx, StreamSequence command_sequence) {
  const Arguments arguments = Arguments().integer(bits_of(command_sequence));
  return !execute(tx, "operation_decided", arguments).empty();
}

}  // namespace vsim::read_model
