#include "schema/read_model/billing.h"

#include <fmt/format.h>

#include "schema/read_model/long_statement.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

constexpr int rows_a_fetch = 5000;

// All rows will be read, so the plan shall be good for all of them. The first fetch sorts, which
// takes longer than a query is given otherwise: about a second for a million rows.
constexpr const char* cursor_settings =
    "SET LOCAL cursor_tuple_fraction TO 1; SET LOCAL statement_timeout TO '60s'; ";

/// A transaction block for a cursor to live in; its end takes the cursor along.
class ReadOnlyBlock {
 public:
  explicit ReadOnlyBlock(Transaction& tx) : tx_(tx) {
    tx_.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  }
  ~ReadOnlyBlock() {
    try {
      tx_.exec("ROLLBACK");
    } catch (const std::exception&) {
      // The connection is gone, and the block with it.
    }
  }
  ReadOnlyBlock(const ReadOnlyBlock&) = delete;
  ReadOnlyBlock& operator=(const ReadOnlyBlock&) = delete;

 private:
  Transaction& tx_;
};

/// With its values in the text, since the plan depends on them: a bill of last month and one of all
/// time are read off different indexes.
std::string declare_periods_sql(Instant from, Instant to, const std::string& of_account) {
  const auto moment = [](Instant at) {
    return moment_sql(fmt::format("'{}'::bigint", unix_milliseconds(at)));
  };
  return fmt::format(
      "DECLARE periods NO SCROLL CURSOR FOR SELECT server_id, region, type, hourly_rate,"
      " granularity_seconds, minimum_seconds, (date_part('epoch', began) * 1000)::bigint,"
      " (date_part('epoch', ended) * 1000)::bigint, account FROM ("
      "SELECT * FROM billing_periods WHERE ended IS NULL AND began < {1}{2} UNION ALL "
      "SELECT * FROM billing_periods WHERE ended IS NOT NULL AND ended >= {0} AND began < {1}"
      " AND (ended > {0} OR began >= {0}){2}) AS period"
      " ORDER BY began, server_id, opened_version",
      moment(from), moment(to), of_account);
}

BillingPeriodRow read_period(const pqxx::row& row) {
  BillingPeriodRow read;
  read.server = ServerId{Uuid::parse(view_of(row[0])).value()};
  read.region = text_of(row[1]);
  read.type = text_of(row[2]);
  read.rate = {integer_of<std::int64_t>(row[3])};
  read.policy.granularity = std::chrono::seconds(integer_of<std::int64_t>(row[4]));
  read.policy.minimum = std::chrono::seconds(integer_of<std::int64_t>(row[5]));
  read.period = {instant_of(row[6]), optional_instant_of(row[7])};
  read.account = text_of(row[8]);
  return read;
}

}  // namespace

std::vector<Statement> billing_statements() {
  return {{"billing_watermarks",
           "SELECT region, (date_part('epoch', through) * 1000)::bigint FROM billing_watermarks"}};
}

void for_each_billing_period(Transaction& tx, Instant from, Instant to,
                             const std::function<void(const BillingPeriodRow&)>& use,
                             const std::optional<std::string>& account) {
  if (from >= to) {
    return;
  }
  const ReadOnlyBlock block(tx);
  const auto of_account = account ? " AND account = " + tx.quote(*account) : std::string();
  tx.exec(cursor_settings + declare_periods_sql(from, to, of_account));
  auto& wait = BoundedWait::current();
  const LongStatement work(wait);
  const auto fetch = fmt::format("FETCH {} FROM periods", rows_a_fetch);
  for (auto rows = tx.exec(fetch); !rows.empty(); rows = tx.exec(fetch)) {
    for (const auto& row : rows) {
      use(read_period(row));
    }
    wait.again();
  }
}

std::map<std::string, Instant> billing_watermarks(Transaction& tx) {
  std::map<std::string, Instant> watermarks;
  for (const auto& row : execute(tx, "billing_watermarks", Arguments())) {
    watermarks[text_of(row[0])] = instant_of(row[1]);
  }
  return watermarks;
}

}  // namespace vsim::read_model
