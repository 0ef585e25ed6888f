// Goal: each build makes of the logs that earlier builds have recorded what those made of them.
// Method: tests/golden/logs holds EVENTS of each format, and a checksum of every column that the
// build of that day made. Each log is put into a store, projected into a real Postgres, verified
// and rebuilt. VSIM_WRITE_GOLDEN=1 writes the checksums of a log that has none.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <sstream>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "eventstore/memory_store.h"
#include "ops/vsimctl/log/rebuild.h"
#include "ops/vsimctl/log/verify.h"
#include "schema/messages/catalogue_files.h"
#include "tests/golden/recorded_log.h"
#include "tests/harness/child_process.h"
#include "tests/harness/database.h"
#include "tests/harness/eventually.h"
#include "tests/harness/private_postgres.h"
#include "workers/projector.h"

using namespace vsim;
using golden::RecordedLog;
using harness::PrivatePostgres;
using harness::query;

namespace {

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";

/// Columns that have been dropped or renamed since, or show something else on purpose: the older
/// logs' checksums do not count for them.
const std::vector<std::string> retired_columns = {};

/// By "table.column": the number of rows, and a checksum. A column that a later build adds is in
/// none of the older logs' checksums.
using Sums = std::map<std::string, std::string>;

/// What of the read models is made of EVENTS alone, as a table in SQL.
std::string rows_of(const std::string& table) {
  const std::string only = table == "operations"              ? " WHERE status <> 'PENDING'"
                           : table == "projection_checkpoint" ? " WHERE stream = 'EVENTS'"
                                                              : "";
  return "vsim." + table + only;
}

/// All columns of a table; its rows are taken in the order of their keys.
void add_sums(Sums& sums, const std::string& url, const std::string& table,
              const std::string& keys) {
  const auto columns =
      query(url, fmt::format("SELECT attname FROM pg_attribute WHERE attrelid = 'vsim.{}'::regclass"
                             " AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                             table));
  std::string sql = "SELECT count(*)";
  for (const auto& column : columns) {
    sql += fmt::format(
        ", md5(coalesce(string_agg(coalesce({}::text, 'NULL'), E'\\n' ORDER BY {}), ''))",
        column[0], keys);
  }
  const auto values = query(url, sql + " FROM " + rows_of(table)).at(0);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    sums[table + "." + columns[i][0]] = values[0] + " rows " + values[i + 1];
  }
}

/// Of every table but those that hold the catalogue, and of the views that tell void claims.
Sums sums_of(const std::string& database_url) {
  const auto url = database_url + "&options=-c%20timezone%3DUTC";
  Sums sums;
  for (const auto& row :
       query(url,
             "SELECT t.relname, string_agg(quote_ident(a.attname) || '::text COLLATE \"C\"', ', '"
             " ORDER BY a.attnum) FROM pg_class t JOIN pg_index i ON i.indrelid = t.oid"
             " AND i.indisprimary JOIN pg_attribute a ON a.attrelid = t.oid"
             " AND a.attnum = ANY (i.indkey) WHERE t.relnamespace = 'vsim'::regnamespace"
             " AND t.relkind = 'r' AND t.relname NOT IN ('migrations', 'regions', 'instance_types')"
             " GROUP BY t.relname")) {
    add_sums(sums, url, row[0], row[1]);
  }
  for (const std::string view : {"ip_pool", "address_claims"}) {
    add_sums(sums, url, view, "region::text COLLATE \"C\", ip::text COLLATE \"C\"");
  }
  return sums;
}

/// A log in a store, and read models of it.
class Ground {
 public:
  explicit Ground(const RecordedLog& log) {
    for (const auto& message : log) {
      store_.restore(message);
    }
    settings_.database_url = url_;
    settings_.schema_dir = schema_dir;
  }

  void project() {
    telemetry::Metrics metrics;
    workers::Projector projector(store_, {url_, schema_dir}, catalogue_, [](auto) {}, metrics);
    const std::jthread thread([&](std::stop_token stop) { projector.run(std::move(stop)); });
    const auto end = store_.last_sequence().value();
    REQUIRE(harness::eventually([&] { return projector.status().checkpoint == end; }));
  }

  tl::expected<vsimctl::Verified, std::string> verify() {
    return vsimctl::verify_log(settings_, store_, url_, catalogue_);
  }

  void rebuild() {
    const auto rebuilt =
        vsimctl::rebuild_from(settings_, store_, url_, catalogue_, {.yes = true, .dry_run = false});
    REQUIRE_MESSAGE(rebuilt, rebuilt.error());
  }

  Sums sums() const { return sums_of(url_); }

 private:
  const std::string url_ = PrivatePostgres::shared().create_database();
  const Catalogue catalogue_ = messages::load_catalogue(schema_dir).value();
  eventstore::MemoryStore store_;
  process::CommonSettings settings_;
};

/// What `vsimctl verify` counts of the log itself, beside the sums.
void add_verified(Sums& sums, const vsimctl::Verified& verified) {
  sums["verified"] = fmt::format("{} events of {} servers", verified.events, verified.servers);
}

/// A line each: name, space, value.
Sums read_sums(const std::string& path) {
  Sums sums;
  std::istringstream lines(harness::read_file(path));
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    sums[line.substr(0, space)] = line.substr(space + 1);
  }
  return sums;
}

void write_sums(const std::string& path, const Sums& sums) {
  std::string text;
  for (const auto& [name, value] : sums) {
    text += name + " " + value + "\n";
  }
  harness::write_file(path, text);
}

RecordedLog read_log(const std::string& path) {
  auto log = golden::read_recorded_log(path);
  REQUIRE_MESSAGE(log, log.error());
  return std::move(*log);
}

/// What is recorded and not found so; columns that have been added since are no difference.
std::vector<std::string> differences(const Sums& recorded, Sums found) {
  std::vector<std::string> differ;
  for (const auto& [name, value] : recorded) {
    const bool retired = std::count(retired_columns.begin(), retired_columns.end(), name) > 0;
    if (!retired && found[name] != value) {
      differ.push_back(name);
    }
  }
  return differ;
}

bool may_write() { return std::getenv("VSIM_WRITE_GOLDEN") != nullptr; }

void check(const std::string& path) {
  Ground ground(read_log(path));
  ground.project();
  const auto verified = ground.verify();
  REQUIRE_MESSAGE(verified, verified.error());
  auto found = ground.sums();
  add_verified(found, *verified);
  const auto file = path + ".sums.txt";
  if (may_write() && !std::filesystem::exists(file)) {
    write_sums(file, found);
  }
  REQUIRE_MESSAGE(std::filesystem::exists(file),
                  "its checksums are missing; see tests/golden/logs/README.md");
  const auto recorded = read_sums(file);
  CHECK(recorded.size() > 50);
  CHECK(differences(recorded, found) == std::vector<std::string>{});

  ground.rebuild();
  const auto again = ground.verify();
  REQUIRE_MESSAGE(again, again.error());
  auto rebuilt = ground.sums();
  add_verified(rebuilt, *again);
  CHECK(differences(recorded, rebuilt) == std::vector<std::string>{});
}

/// The names of what differs from the newest log's checksums once its messages are changed.
std::string found_out(const std::function<void(RecordedLog&)>& change) {
  const auto path = golden::recorded_logs().back();
  auto log = read_log(path);
  change(log);
  for (std::size_t i = 0; i < log.size(); ++i) {
    log[i].sequence = i + 1;
  }
  Ground ground(log);
  ground.project();
  const auto verified = ground.verify();
  auto found = ground.sums();
  found["verified"] = verified ? read_sums(path + ".sums.txt")["verified"] : verified.error();
  return fmt::format("{}", fmt::join(differences(read_sums(path + ".sums.txt"), found), ", "));
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

auto holding(RecordedLog& log, const std::string& text) {
  const auto found = std::find_if(log.begin(), log.end(), [&](const auto& message) {
    return message.payload.find(text) != std::string::npos;
  });
  REQUIRE(found != log.end());
  return found;
}

}  // namespace

TEST_CASE("each recorded log is projected, verified and rebuilt to what was made of it then") {
  const auto logs = golden::recorded_logs();
  REQUIRE_FALSE(logs.empty());
  for (const auto& path : logs) {
    CAPTURE(path);
    check(path);
  }
}

TEST_CASE("a log that is read or projected otherwise has other checksums") {
  // Nothing but a column shows it: the fold does not know who asked.
  CHECK(found_out([](RecordedLog& log) {
          auto& payload = holding(log, R"("type":"server_stopping")")->payload;
          payload.replace(payload.find(R"("actor":)"), 8, R"("actor":"x","was":)");
        }) == "operations.actor, server_events.actor");
  CHECK(holds(found_out([](RecordedLog& log) {
                auto& payload = holding(log, R"("status":"STOPPING")")->payload;
                payload.replace(payload.find("STOPPING"), 8, "STOPPED");
              }),
              "verified"));
  const auto left_out =
      found_out([](RecordedLog& log) { log.erase(holding(log, R"("type":"server_rebooting")")); });
  CHECK(holds(left_out, "verified"));
  CHECK(holds(left_out, "server_events.message"));
}
