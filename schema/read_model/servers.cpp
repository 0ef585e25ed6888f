#include "schema/read_model/servers.h"

#include <bit>

#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"
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
  by_tags = 16
};
constexpr unsigned filters_all = by_region | by_status | by_type | by_name | by_tags;
constexpr unsigned with_offset = 32;

struct FilterColumn {
  unsigned bit;
  const char* condition;  // before the parameter
};
constexpr FilterColumn filter_columns[] = {{by_region, "region = "},
                                           {by_status, "status = "},
                                           {by_type, "type = "},
                                           {by_name, "name = "},
                                           {by_tags, "tags @> "}};

// Parameters of a page: 1 the limit, 2 and 3 the position, then the filters', then the offset.
constexpr int first_filter_parameter = 4;
constexpr std::int64_t end_of_time_ms = 253'402'300'799'999;  // the year 9999

std::string conditions(unsigned filters, int parameter, const std::string& before_each) {
  std::string sql;
  for (const FilterColumn& column : filter_columns) {
    if ((filters & column.bit) != 0) {
      sql += before_each + column.condition + "$" + std::to_string(parameter++);
    }
  }
  return sql;
}

/// Counts of region, status and type are kept; a name or a tag has to be counted.
std::string total_sql(unsigned filters, int parameter) {
  const std::string where = " WHERE true" + conditions(filters, parameter, " AND ");
  if ((filters & (by_name | by_tags)) != 0) {
    return "SELECT count(*) FROM servers" + where;
  }
  return "SELECT coalesce(sum(servers), 0)::bigint FROM server_counts" + where;
}

int filter_count(unsigned filters) { return std::popcount(filters & filters_all); }

/// Lets the planner take the index that fits the filters best, and none of the wider ones; see
/// schema/postgres/001_servers.sql. // D58
const char* index_condition(unsigned filters) {
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
std::string page_sql(unsigned shape) {
  const int offset_parameter = first_filter_parameter + filter_count(shape);
  const std::string position = moment_sql("$2::bigint");
  return "SELECT " + server_columns + ", (" + total_sql(shape, first_filter_parameter) +
         ") FROM (SELECT * FROM servers WHERE created_at <= " + position + " AND (created_at < " +
         position + " OR id > $3::uuid)" + index_condition(shape) +
         conditions(shape, first_filter_parameter, " AND ") +
         " ORDER BY created_at DESC, id LIMIT 201" +
         ((shape & with_offset) != 0 ? " OFFSET $" + std::to_string(offset_parameter) : "") +
         ") s LIMIT $1";
}

std::string page_name(unsigned shape) { return "servers_page_" + std::to_string(shape); }
std::string total_name(unsigned filters) { return "servers_total_" + std::to_string(filters); }

std::string tags_json(const std::map<std::string, std::string>& tags) {
  messages::JsonWriter json;
  json.begin_object();
  for (const auto& [key, value] : tags) {
    json.member(key, value);
  }
  json.end_object();
  return json.take();
}

/// Postgres writes what it keeps as jsonb in its own way: other blanks, other order of the keys.
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

unsigned filters_of(const ServerFilter& filter) {
  return (filter.region ? by_region : 0U) | (filter.status ? by_status : 0U) |
         (filter.type ? by_type : 0U) | (filter.name ? by_name : 0U) |
         (filter.tags.empty() ? 0U : by_tags);
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
}

std::uint64_t count_servers(Transaction& tx, const ServerFilter& filter) {
  Arguments arguments;
  add_filters(arguments, filter);
  const auto rows = execute(tx, total_name(filters_of(filter)), arguments);
  return integer_of<std::uint64_t>(rows[0][0]);
}

}  // namespace

std::vector<Statement> server_statements() {
  std::vector<Statement> statements{
      {"server_by_id", "SELECT " + server_columns + " FROM servers s WHERE id = $1"},
      {"servers_counted",
       "SELECT region, status, sum(servers)::bigint FROM server_counts GROUP BY region, status"},
      {"servers_overdue",
       "SELECT count(*), count(*) FILTER (WHERE status = 'STOPPED') FROM servers WHERE " +
           std::string(not_terminated) + " AND due <= " + moment_sql("$1::bigint")},
      {"servers_oldest_live",
       "SELECT region, (date_part('epoch', min(created_at)) * 1000)::bigint FROM servers WHERE " +
           std::string(not_terminated) + " GROUP BY region"}};
  for (unsigned filters = 0; filters <= filters_all; ++filters) {
    statements.push_back({total_name(filters), total_sql(filters, 1)});
    statements.push_back({page_name(filters), page_sql(filters)});
    statements.push_back({page_name(filters | with_offset), page_sql(filters | with_offset)});
  }
  return statements;
}

ServerRow server_row(const ServerId& id, const State& state) {
  const Server& server = *state.server;
  const Blueprint& blueprint = server.blueprint;
  const Terms& terms = blueprint.terms;
  ServerRow row;
  row.id = id.to_string();
  row.name = blueprint.name;
  row.region = state.region.name;
  row.type = blueprint.instance_type;
  row.status = to_string(server.status);
  row.ip = blueprint.ip.to_string();
  row.profile = blueprint.profile;
  row.tags_json = tags_json(blueprint.tags);
  row.account = blueprint.account;
  row.version = state.version;
  row.changed_version = state.last_change.version;
  row.created_at = server.created_at;
  row.updated_at = state.last_change.at;
  row.last_started_at = server.last_started_at;
  if (server.deadline) {
    row.due = server.deadline->due;
  }
  if (server.termination_reason) {
    row.termination_reason = to_string(*server.termination_reason);
  }
  row.hourly_rate = terms.hourly_rate;
  row.bill = server.bill;
  row.billing = terms.billing;
  row.idle_timeout = terms.idle_timeout;
  return row;
}

ServerRow read_server(const pqxx::row& row, int first) {
  int next = first;
  const auto field = [&] { return row[static_cast<pqxx::row::size_type>(next++)]; };
  ServerRow server;
  server.id = text_of(field());
  server.name = text_of(field());
  server.region = text_of(field());
  server.type = text_of(field());
  server.status = text_of(field());
  server.ip = text_of(field());
  server.profile = text_of(field());
  server.tags_json = tags_as_written(text_of(field()));
  server.account = text_of(field());
  server.version = integer_of<Version>(field());
  server.changed_version = integer_of<Version>(field());
  server.created_at = instant_of(field());
  server.updated_at = instant_of(field());
  server.last_started_at = optional_instant_of(field());
  server.due = optional_instant_of(field());
  if (const auto reason = field(); !reason.is_null()) {
    server.termination_reason = text_of(reason);
  }
  server.hourly_rate = {integer_of<std::int64_t>(field())};
  server.bill.closed = std::chrono::seconds(integer_of<std::int64_t>(field()));
  server.bill.open_since = optional_instant_of(field());
  server.billing.granularity = std::chrono::seconds(integer_of<std::int64_t>(field()));
  server.billing.minimum = std::chrono::seconds(integer_of<std::int64_t>(field()));
  server.idle_timeout = Duration{integer_of<std::int64_t>(field())};
  server.billed_through = optional_instant_of(field());
  return server;
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

std::optional<ServerRow> find_server(Transaction& tx, const ServerId& id) {
  const auto rows = execute(tx, "server_by_id", Arguments().ready(id.to_string()));
  if (rows.empty()) {
    return std::nullopt;
  }
  return read_server(rows[0], 0);
}

ServerPage list_servers(Transaction& tx, const ServerFilter& filter, std::uint32_t limit,
                        std::uint64_t offset, const std::optional<ServerPosition>& after) {
  if (after) {
    offset = 0;
  }
  Arguments arguments;
  arguments.integer(std::int64_t{limit} + 1);
  arguments.integer(after ? unix_milliseconds(after->created_at) : end_of_time_ms);
  arguments.text(after ? after->id : Uuid{}.to_string());
  add_filters(arguments, filter);
  unsigned shape = filters_of(filter);
  if (offset > 0) {
    shape |= with_offset;
    arguments.integer(static_cast<std::int64_t>(offset));
  }
  const auto rows = execute(tx, page_name(shape), arguments);
  ServerPage page;
  page.items.reserve(static_cast<std::size_t>(rows.size()));
  for (const auto& row : rows) {
    page.items.push_back(read_server(row, 0));
  }
  // An empty page has no row to carry the total; at its beginning there is nothing to count.
  if (!rows.empty()) {
    page.total = integer_of<std::uint64_t>(rows[0][server_column_count]);
  } else if (after || offset > 0) {
    page.total = count_servers(tx, filter);
  }
  return page;
}

}  // namespace vsim::read_model
