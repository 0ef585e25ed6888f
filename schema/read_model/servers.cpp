#include "schema/read_model/servers.h"

#include <bit>

#include "domain/account.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"
#include "schema/read_model/quick_session.h"
#include "schema/read_model/server_columns.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

// What a list may filter by; a statement is prepared for every combination, so that each has a plan
// that fits it.
enum ServerFilterBit : unsigned {
  by_region = 1,
  by_status = 2,
  by_type = 4,
  by_name = 8,
  by_tags = 16,
  by_account = 32,
  by_named_account = 64  // beside by_account: another than the default one
};
constexpr unsigned filters_all =
    by_region | by_status | by_type | by_name | by_tags | by_account | by_named_account;
constexpr unsigned with_offset = 128;

struct FilterColumn {
  unsigned bit;
  const char* condition;  // before the parameter
};
constexpr FilterColumn filter_columns[] = {{by_region, "region = "}, {by_status, "status = "},
                                           {by_type, "type = "},     {by_name, "name = "},
                                           {by_tags, "tags @> "},    {by_account, "account = "}};

// Beside a named account, whose servers have an index of their own: no other index fits these.
constexpr FilterColumn filter_columns_of_named[] = {
    {by_region, "region = "}, {by_status, "status || '' = "}, {by_type, "type = "},
    {by_name, "name = "},     {by_tags, "tags @> "},          {by_account, "account = "}};

// Parameters of a page: 1 the limit, 2 and 3 the position, then the filters', then the offset.
constexpr int first_filter_parameter = 4;
constexpr std::int64_t end_of_time_ms = 253'402'300'799'999;  // the year 9999

std::string conditions(unsigned filters, int parameter, const std::string& before_each) {
  std::string sql;
  const bool named = (filters & by_named_account) != 0;
  for (const FilterColumn& column : named ? filter_columns_of_named : filter_columns) {
    if ((filters & column.bit) != 0) {
      sql += before_each + column.condition + "$" + std::to_string(parameter++);
    }
  }
  return sql;
}

/// Counts of region, status, type and account are kept; a name or a tag has to be counted.
std::string total_sql(unsigned filters, int parameter) {
  const std::string where = " WHERE true" + conditions(filters, parameter, " AND ");
  if ((filters & (by_name | by_tags)) != 0) {
    return "SELECT count(*) FROM servers" + where;
  }
  return "SELECT coalesce(sum(servers), 0)::bigint FROM server_counts" + where;
}

int filter_count(unsigned filters) {
  return std::popcount(filters & filters_all & ~by_named_account);
}

/// Lets the planner take the index that fits the filters best, and none of the wider ones; see
/// schema/postgres/001_servers.sql. // D58
const char* index_condition(unsigned filters) {
  if ((filters & by_named_account) != 0) {
    return " AND account <> 'default'";
  }
  if ((filters & (by_status | by_name | by_tags)) != 0) {
    return "";
  }
  if ((filters & by_type) != 0) {
    return " AND version > -2";
  }
  return (filters & by_region) != 0 ? " AND version > -1" : " AND version > 0";
}

/// The page and, in every row, the total: one round trip. The inner LIMIT is a constant, since the
/// planner would take a parameter for a tenth of the table and sort; the outer one stops it early.
/// Joined to it is how far each region is billed, which Postgres looks up once for each region.
std::string page_sql(unsigned shape) {
  const int offset_parameter = first_filter_parameter + filter_count(shape);
  const std::string position = moment_sql("$2::bigint");
  return "SELECT " + server_columns(ValueForm::binary, "w.through") + ", (" +
         total_sql(shape, first_filter_parameter) +
         ") FROM (SELECT * FROM servers WHERE created_at <= " + position + " AND (created_at < " +
         position + " OR id > $3::uuid)" + index_condition(shape) +
         conditions(shape, first_filter_parameter, " AND ") +
         " ORDER BY created_at DESC, id LIMIT 201" +
         ((shape & with_offset) != 0 ? " OFFSET $" + std::to_string(offset_parameter) : "") +
         ") s LEFT JOIN billing_watermarks w ON w.region = s.region"
         " ORDER BY s.created_at DESC, s.id LIMIT $1";
}

/// Of one that only counts, for each shape without an offset.
const Statement& total_statement(unsigned filters) {
  static const auto statements = [] {
    std::vector<Statement> all;
    for (unsigned of = 0; of <= filters_all; ++of) {
      all.push_back({"servers_total_" + std::to_string(of), total_sql(of, 1)});
    }
    return all;
  }();
  return statements[filters];
}

const Statement& server_statement() {
  static const Statement statement{"server_by_id", "SELECT " + server_columns(ValueForm::binary) +
                                                       " FROM servers s WHERE id = $1"};
  return statement;
}

unsigned filters_of(const ServerFilter& filter) {
  return (filter.region ? by_region : 0U) | (filter.status ? by_status : 0U) |
         (filter.type ? by_type : 0U) | (filter.name ? by_name : 0U) |
         (filter.tags.empty() ? 0U : by_tags) | (filter.account ? by_account : 0U) |
         (filter.account.value_or(std::string(default_account)) == default_account
              ? 0U
              : by_named_account);
}

void add_filters(Arguments& arguments, const ServerFilter& filter) {
  for (const auto* value : {&filter.region, &filter.status, &filter.type, &filter.name}) {
    if (*value) {
      arguments.text(**value);
    }
  }
  if (!filter.tags.empty()) {
    arguments.text(tags_json(filter.tags));
  }
  if (filter.account) {
    arguments.text(*filter.account);
  }
}

DbResult<std::uint64_t> count_servers(ConnectionPool& pool, const ServerFilter& filter) {
  QuickRead read{.statement = total_statement(filters_of(filter)), .arguments = {}};
  add_filters(read.arguments, filter);
  pool.run_alone(read);
  if (read.failure) {
    return tl::unexpected(std::move(*read.failure));
  }
  return integer_of<std::uint64_t>(BinaryRow(*read.rows, 0)[0]);
}

}  // namespace

std::string tags_json(const std::map<std::string, std::string>& tags) {
  messages::JsonWriter json;
  json.begin_object();
  for (const auto& [key, value] : tags) {
    json.member(key, value);
  }
  json.end_object();
  return json.take();
}

const std::vector<Statement>& server_page_statements() {
  static const auto statements = [] {
    std::vector<Statement> all;
    for (unsigned shape = 0; shape < with_offset << 1U; ++shape) {
      all.push_back({"servers_page_" + std::to_string(shape), page_sql(shape)});
    }
    return all;
  }();
  return statements;
}

std::vector<Statement> server_statements() {
  return {
      {"servers_counted",
       "SELECT region, status, sum(servers)::bigint FROM server_counts GROUP BY region, status"},
      {"servers_overdue", "SELECT count(*), count(*) FILTER (WHERE " + std::string(is_idle) +
                              ") FROM servers WHERE " + std::string(not_terminated) +
                              " AND due <= " + moment_sql("$1::bigint")},
      {"servers_oldest_live",
       "SELECT region, (date_part('epoch', min(created_at)) * 1000)::bigint FROM servers WHERE " +
           std::string(not_terminated) + " GROUP BY region"}};
}

std::string tags_as_written(std::string kept) {
  if (kept == "{}") {
    return kept;
  }
  std::string error;
  const auto object = messages::parse_object(kept, error);
  if (!object) {
    return kept;
  }
  std::map<std::string, std::string> tags;
  for (const auto [key, value] : *object) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) {
      return kept;
    }
    tags.emplace(key, text);
  }
  return tags_json(tags);
}

namespace {

void add_deadlines(ServerRow& row, const Server& server) {
  row.due = server.deadline->due;
  const auto* foreseeable = foreseeable_deadline(server);
  if (foreseeable == &*server.deadline) {
    return;
  }
  row.due_turn = to_string(server.deadline->turn);
  if (foreseeable != nullptr) {
    row.transition_due = foreseeable->due;
  }
}

}  // namespace

ServerRow server_row(const ServerId& id, const State& state) {
  const Server& server = *state.server;
  const Blueprint& blueprint = server.blueprint;
  const Terms& terms = blueprint.terms;
  ServerRow row;
  row.id = id.to_string();
  row.name = name_of(server);
  row.region = state.region.name;
  row.type = blueprint.instance_type;
  row.status = to_string(server.status);
  row.ip = blueprint.ip.to_string();
  row.profile = blueprint.profile;
  row.tags_json = tags_json(tags_of(server));
  row.account = blueprint.account;
  row.version = state.version;
  row.changed_version = state.last_change.version;
  row.created_at = server.created_at;
  row.updated_at = state.last_change.at;
  row.last_started_at = server.last_started_at;
  if (server.deadline) {
    add_deadlines(row, server);
  }
  if (server.termination_reason) {
    row.termination_reason = to_string(*server.termination_reason);
  }
  row.failure = server.failure;
  row.health = to_string(server.health);
  row.interruption_at = server.interruption_at;
  row.expires_at = expires_at(server);
  row.hourly_rate = terms.hourly_rate;
  row.bill = server.bill;
  row.billing = terms.billing;
  row.idle_timeout = terms.idle_timeout;
  if (blueprint.warm) {
    row.warm_pool = blueprint.warm->pool;
    row.warm_number = blueprint.warm->number;
  }
  if (server.assignment) {
    row.assigned_at = server.assignment->at;
  }
  return row;
}

OverdueServers count_overdue(Transaction& tx, Instant until) {
  const auto row = execute(tx, "servers_overdue", Arguments().integer(unix_milliseconds(until)))[0];
  return {integer_of<std::uint64_t>(row[0]), integer_of<std::uint64_t>(row[1])};
}

std::map<std::string, Instant> oldest_live_servers(Transaction& tx) {
  std::map<std::string, Instant> oldest;
  for (const auto& row : execute(tx, "servers_oldest_live", Arguments())) {
    oldest[text_of(row[0])] = instant_of(row[1]);
  }
  return oldest;
}

std::vector<ServerCount> count_servers(Transaction& tx) {
  std::vector<ServerCount> counts;
  for (const auto& row : execute(tx, "servers_counted", Arguments())) {
    counts.push_back({text_of(row[0]), text_of(row[1]), integer_of<std::uint64_t>(row[2])});
  }
  return counts;
}

DbResult<std::optional<ServerRow>> find_server(ConnectionPool& pool, const ServerId& id) {
  QuickRead read{.statement = server_statement(), .arguments = Arguments().ready(id.to_string())};
  pool.run_together(read);
  if (read.failure) {
    return tl::unexpected(std::move(*read.failure));
  }
  if (PQntuples(read.rows.get()) == 0) {
    return std::nullopt;
  }
  return read_server(BinaryRow(*read.rows, 0), 0);
}

DbResult<ServerPage> list_servers(ConnectionPool& pool, const ServerFilter& filter,
                                  std::uint32_t limit, std::uint64_t offset,
                                  const std::optional<ServerPosition>& after) {
  if (after) {
    offset = 0;
  }
  const unsigned shape = filters_of(filter) | (offset > 0 ? with_offset : 0U);
  QuickRead read{.statement = server_page_statements()[shape], .arguments = {}};
  read.arguments.integer(std::int64_t{limit} + 1);
  read.arguments.integer(after ? unix_milliseconds(after->created_at) : end_of_time_ms);
  read.arguments.text(after ? after->id : Uuid{}.to_string());
  add_filters(read.arguments, filter);
  if (offset > 0) {
    read.arguments.integer(static_cast<std::int64_t>(offset));
  }
  pool.run_alone(read);
  if (read.failure) {
    return tl::unexpected(std::move(*read.failure));
  }
  ServerPage page;
  const int rows = PQntuples(read.rows.get());
  page.items.reserve(static_cast<std::size_t>(rows));
  for (int row = 0; row < rows; ++row) {
    page.items.push_back(read_server(BinaryRow(*read.rows, row), 0));
  }
  // An empty page has no row to carry the total; at its beginning there is nothing to count.
  if (rows > 0) {
    page.total = integer_of<std::uint64_t>(BinaryRow(*read.rows, 0)[server_column_count]);
  } else if (after || offset > 0) {
    const auto total = count_servers(pool, filter);
    if (!total) {
      return tl::unexpected(total.error());
    }
    page.total = *total;
  }
  return page;
}

}  // namespace vsim::read_model
