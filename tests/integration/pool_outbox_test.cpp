// Goal: addresses that are inserted into ip_pool become pool commands, each once, whatever is
// dropped, swapped or done again meanwhile; what cannot be an address of a pool is refused at once.
// Method: the shipped tables on a real Postgres, statements as operators type them.

#include <doctest/doctest.h>

#include "schema/read_model/migrations.h"
#include "schema/read_model/outbox.h"
#include "tests/harness/database.h"
#include "tests/harness/private_postgres.h"

using namespace vsim;
using namespace vsim::read_model;
using harness::PrivatePostgres;
using harness::query;
using harness::query_value;

namespace {

const std::string schema_dir = VSIM_SOURCE_DIR "/schema";

const std::string hundred =
    "INSERT INTO ip_pool (region, ip) SELECT 'us-east-1', ('192.168.10.'||g)::inet"
    " FROM generate_series(101, 200) g";

struct Tables {
  std::string url = PrivatePostgres::shared().create_database();
  Outbox outbox{url};

  Tables() {
    REQUIRE(apply_migrations(url, schema_dir));
    query(url, "INSERT INTO vsim.regions VALUES ('us-east-1'), ('eu-west-1')");
  }

  std::string waiting() {
    REQUIRE(outbox.group());
    std::string text;
    const auto ranges = outbox.list(100);
    REQUIRE(ranges);
    for (const auto& range : *ranges) {
      text += range.region + " " + range.first.to_string() + "-" + range.last.to_string() + "; ";
    }
    return text;
  }
  std::string rows() { return query_value(url, "SELECT count(*) FROM operator.outbox"); }

  /// What Postgres says to the statement; empty when it does it.
  std::string refusal(const std::string& sql) {
    try {
      query(url, sql);
      return {};
    } catch (const std::exception& error) {
      return error.what();
    }
  }
};

}  // namespace

TEST_CASE("the documented INSERT is counted, and becomes one range") {
  Tables its;
  const std::string count = "WITH made AS (" + hundred + " RETURNING 1) SELECT count(*) FROM made";
  CHECK(query_value(its.url, count) == "100");
  CHECK(its.waiting() == "us-east-1 192.168.10.101-192.168.10.200; ");
}

TEST_CASE("addresses are put together as far as they are neighbours, region by region") {
  Tables its;
  query(its.url,
        "INSERT INTO ip_pool (region, ip) VALUES ('us-east-1', '10.0.0.3'), ('us-east-1', "
        "'10.0.0.1'), ('eu-west-1', '10.0.0.2'), ('us-east-1', '10.0.0.4'), ('us-east-1', "
        "'10.0.0.3'), ('us-east-1', '9.255.255.255'), ('us-east-1', '10.0.0.0')");
  CHECK(its.waiting() ==
        "us-east-1 10.0.0.3-10.0.0.4; us-east-1 9.255.255.255-10.0.0.1; "
        "eu-west-1 10.0.0.2-10.0.0.2; ");
}

TEST_CASE("a range keeps its command id until it is marked, whatever is inserted beside it") {
  Tables its;
  query(its.url, hundred);
  CHECK(its.waiting() == "us-east-1 192.168.10.101-192.168.10.200; ");
  const auto command = its.outbox.list(1)->front().command;
  query(its.url, "INSERT INTO ip_pool (region, ip) VALUES ('us-east-1', '192.168.10.201')");
  CHECK(its.waiting() ==
        "us-east-1 192.168.10.101-192.168.10.200; us-east-1 192.168.10.201-192.168.10.201; ");
  CHECK(its.outbox.list(1)->front().command == command);
  REQUIRE(its.outbox.mark_sent(command));
  CHECK(its.waiting() == "us-east-1 192.168.10.201-192.168.10.201; ");
  REQUIRE(its.outbox.mark_refused(its.outbox.list(1)->front().command, "why"));
  CHECK(its.waiting().empty());
  query(its.url, hundred);  // and it can be repeated
  CHECK(its.waiting() == "us-east-1 192.168.10.101-192.168.10.200; ");
}

TEST_CASE("what is no address of a pool is refused, and nothing of its statement is kept") {
  Tables its;
  struct Bad {
    std::string values;
    std::string why;
  };
  for (const auto& [values, why] :
       {Bad{"'mars', '10.0.0.1'", "no region mars"},
        Bad{"'us-east-1', 'fe80::1'", "no IPv4 address"},
        Bad{"'us-east-1', '10.0.0.0/24'", "is a network"},
        Bad{"'us-east-1', '10.0.0.7/24'", "is a network"}, Bad{"'us-east-1', NULL", "needs both"},
        Bad{"'us-east-1', '0.0.0.1'", "of 0.0.0.0/8 (RFC 6890)"},
        Bad{"'us-east-1', '127.0.0.1'", "of 127.0.0.0/8"},
        Bad{"'us-east-1', '169.254.0.0'", "of 169.254.0.0/16"},
        Bad{"'us-east-1', '224.0.0.0'", "of 224.0.0.0/4"},
        Bad{"'us-east-1', '255.255.255.255'", "of 240.0.0.0/4"},
        Bad{"NULL, '10.0.0.1'", "needs both"}}) {
    const auto said = its.refusal(
        "INSERT INTO ip_pool (region, ip) VALUES ('us-east-1', "
        "'10.9.9.9'), (" +
        values + ")");
    CHECK_MESSAGE(said.find(why) != std::string::npos, values, ": ", said);
  }
  CHECK(its.refusal("INSERT INTO ip_pool (region, ip, status) VALUES "
                    "('us-east-1', '10.0.0.1', 'TAKEN')")
            .find("only region and ip") != std::string::npos);
  for (const char* change : {"UPDATE ip_pool SET server_id = NULL", "DELETE FROM ip_pool"}) {
    query(its.url,
          "INSERT INTO vsim.addresses (region, ip) VALUES ('us-east-1', '10.0.0.1')"
          " ON CONFLICT DO NOTHING");
    CHECK(its.refusal(change).find("cannot be changed here") != std::string::npos);
  }
  CHECK(its.rows() == "0");
}

TEST_CASE("the neighbours of what no server can have are addresses of a pool: issue 12, 4") {
  Tables its;
  query(its.url,
        "INSERT INTO ip_pool (region, ip) SELECT 'us-east-1', ip::inet FROM unnest(ARRAY['1.0.0.0',"
        "'126.255.255.255','128.0.0.0','169.253.255.255','169.255.0.0','223.255.255.255']) ip");
  CHECK(its.rows() == "6");
}

TEST_CASE("the outbox outlives the read models, dropped or swapped by a rebuild") {
  Tables its;
  query(its.url, hundred);
  query(its.url, "DROP SCHEMA vsim CASCADE");
  REQUIRE(apply_migrations(its.url, schema_dir));
  CHECK(its.rows() == "100");
  REQUIRE(apply_migrations(its.url, schema_dir, "vsim_next"));
  query(its.url, "INSERT INTO vsim_next.regions VALUES ('us-east-1')");
  query(its.url, "ALTER SCHEMA vsim RENAME TO vsim_old");
  query(its.url, "ALTER SCHEMA vsim_next RENAME TO vsim");
  query(its.url, "DROP SCHEMA vsim_old CASCADE");
  query(its.url, hundred);
  CHECK(its.rows() == "200");
}

TEST_CASE("a damaged outbox is reported, not dropped") {
  Tables its;
  query(its.url, "ALTER TABLE operator.outbox RENAME TO kept");
  const auto report = apply_migrations(its.url, schema_dir);
  REQUIRE_FALSE(report);
  CHECK(report.error().detail.find("outbox is missing") != std::string::npos);
  CHECK(query_value(its.url, "SELECT count(*) FROM operator.kept") == "0");
}
