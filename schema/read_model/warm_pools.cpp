#include "schema/read_model/warm_pools.h"

#include "schema/messages/json_fields.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

// The condition of their index. // D58
constexpr auto of_pool =
    "s.warm_pool IS NOT NULL AND s.status <> 'TERMINATED' AND s.account = p.account"
    " AND s.warm_pool = p.name";
constexpr auto is_ready =
    "s.status = 'RUNNING' AND s.health = 'ok' AND s.assigned_at IS NULL"
    " AND s.interruption_at IS NULL";

constexpr auto pool_columns =
    "SELECT p.account, p.name, p.region, p.type, p.profile, p.tags, p.target,"
    " p.replenish_below, p.warming_max, p.on_release, p.draining,"
    " (date_part('epoch', p.created_at) * 1000)::bigint,"
    " (date_part('epoch', p.updated_at) * 1000)::bigint, p.version, p.sequence,"
    " coalesce(c.last_number, 0), coalesce(c.hits, 0), coalesce(c.failed, 0)";
constexpr auto from_pools = " FROM warm_pools p LEFT JOIN warm_pool_counts c USING (account, name)";

std::string pools_sql(const std::string& where) {
  const std::string count = "count(*) FILTER (WHERE ";
  return std::string(pool_columns) +
         ", n.ready, n.warming, n.assigned, n.living - n.ready - n.warming - n.assigned" +
         from_pools + ", LATERAL (SELECT count(*) AS living, " + count + is_ready + ") AS ready, " +
         count + "s.status IN ('PENDING', 'REBOOTING') AND s.assigned_at IS NULL) AS warming, " +
         count + "s.assigned_at IS NOT NULL) AS assigned FROM servers s WHERE " + of_pool +
         ") n WHERE " + where;
}

constexpr auto by_name = "p.account = $1 AND p.name = $2";
const std::string is_there = "(n.living > 0 OR NOT p.draining) AND ";

std::map<std::string, std::string> tags_in(std::string_view json) {
  std::map<std::string, std::string> tags;
  std::string error;
  if (const auto object = messages::parse_object(json, error)) {
    for (const auto [key, value] : *object) {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) {
        tags.emplace(key, text);
      }
    }
  }
  return tags;
}

// Without the counts of servers, where the query has none.
WarmPoolRow read_pool(const pqxx::row& row) {
  int next = 0;
  const auto field = [&] { return row[static_cast<pqxx::row::size_type>(next++)]; };
  const auto number = [&] { return integer_of<std::uint64_t>(field()); };
  WarmPoolRow pool;
  pool.id.account = text_of(field());
  pool.id.name = text_of(field());
  auto& terms = pool.terms;
  terms.region.name = text_of(field());
  terms.instance_type = text_of(field());
  const auto profile = field();
  if (!profile.is_null()) {
    terms.profile = text_of(profile);
  }
  terms.tags = tags_in(text_of(field()));
  terms.target = static_cast<std::uint32_t>(number());
  terms.replenish_below = static_cast<std::uint32_t>(number());
  terms.warming_max = static_cast<std::uint32_t>(number());
  terms.on_release = on_release_from(text_of(field())).value_or(OnRelease::terminate);
  pool.draining = view_of(field()) == "t";
  pool.created_at = instant_of(field());
  pool.updated_at = instant_of(field());
  pool.version = number();
  pool.sequence = number();
  for (auto* count : {&pool.last_number, &pool.hits, &pool.failed, &pool.ready, &pool.warming,
                      &pool.assigned, &pool.broken}) {
    if (static_cast<std::size_t>(next) < static_cast<std::size_t>(row.size())) {
      *count = number();
    }
  }
  return pool;
}

}  // namespace

std::vector<Statement> warm_pool_statements() {
  return {
      {"warm_pools_known", std::string(pool_columns) + from_pools},
      {"warm_pool_by_name", pools_sql(is_there + by_name)},
      {"former_warm_pool", pools_sql(by_name)},
      {"warm_pools_all",
       pools_sql(is_there + "(p.account, p.name) > ($1, $2) ORDER BY p.account, p.name LIMIT $3")},
      {"warm_pools_of_account",
       pools_sql(is_there + "p.account = $1 AND p.name > $2 ORDER BY p.name LIMIT $3")},
      {"warm_pool_ready",
       std::string("SELECT s.id, s.region FROM warm_pools p, servers s"
                   " WHERE p.account = $1 AND p.name = $2 AND NOT p.draining AND ") +
           of_pool + " AND " + is_ready + " ORDER BY random() LIMIT $3"}};
}

std::vector<FleetWarmPool> known_warm_pools(Transaction& tx) {
  std::vector<FleetWarmPool> pools;
  for (const auto& row : execute(tx, "warm_pools_known", Arguments())) {
    auto read = read_pool(row);
    WarmPool pool;
    pool.terms = std::move(read.terms);
    pool.draining = read.draining;
    pool.created_at = read.created_at;
    pool.last_change = {read.version, read.updated_at};
    pools.push_back({std::move(read.id), std::move(pool), read.last_number});
  }
  return pools;
}

std::optional<WarmPoolRow> find_warm_pool(Transaction& tx, const WarmPoolId& id) {
  const auto rows = execute(tx, "warm_pool_by_name", Arguments().text(id.account).text(id.name));
  return rows.empty() ? std::nullopt : std::optional(read_pool(rows[0]));
}

std::optional<WarmPoolRow> find_former_warm_pool(Transaction& tx, const WarmPoolId& id) {
  const auto rows = execute(tx, "former_warm_pool", Arguments().text(id.account).text(id.name));
  return rows.empty() ? std::nullopt : std::optional(read_pool(rows[0]));
}

std::vector<WarmPoolRow> list_warm_pools(Transaction& tx, const std::optional<std::string>& account,
                                         const std::optional<WarmPoolId>& after,
                                         std::uint32_t limit) {
  const auto from = after.value_or(WarmPoolId{});
  const auto rows =
      execute(tx, account ? "warm_pools_of_account" : "warm_pools_all",
              Arguments().text(account.value_or(from.account)).text(from.name).integer(limit));
  std::vector<WarmPoolRow> pools;
  for (const auto& row : rows) {
    pools.push_back(read_pool(row));
  }
  return pools;
}

std::vector<ReadyServerRow> ready_servers(Transaction& tx, const WarmPoolId& id,
                                          std::uint32_t limit) {
  std::vector<ReadyServerRow> servers;
  for (const auto& row :
       execute(tx, "warm_pool_ready", Arguments().text(id.account).text(id.name).integer(limit))) {
    if (const auto uuid = Uuid::parse(view_of(row[0]))) {
      servers.push_back({ServerId{*uuid}, Region{text_of(row[1])}});
    }
  }
  return servers;
}

}  // namespace vsim::read_model
