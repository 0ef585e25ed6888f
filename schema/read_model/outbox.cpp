#include "schema/read_model/outbox.h"

#include <functional>
#include <optional>

#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

std::vector<Statement> outbox_statements() {
  return {// Neighbours have the same distance to their rank.
          {"outbox_group",
           "WITH waiting AS MATERIALIZED ("
           "  SELECT id, region, ip - '0.0.0.0'::inet AS place FROM operator.outbox"
           "   WHERE sent_at IS NULL AND refused IS NULL AND command_id IS NULL"
           "   ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED),"
           " ranked AS (SELECT id, region, place - dense_rank()"
           "      OVER (PARTITION BY region ORDER BY place) AS run FROM waiting),"
           " runs AS MATERIALIZED (SELECT region, run, gen_random_uuid() AS command_id"
           "      FROM ranked GROUP BY region, run)"
           " UPDATE operator.outbox o SET command_id = runs.command_id"
           "   FROM ranked JOIN runs USING (region, run) WHERE o.id = ranked.id"},
          {"outbox_list",
           "SELECT command_id, region, host(min(ip)), host(max(ip)),"
           " (date_part('epoch', min(inserted_at)) * 1000)::bigint FROM operator.outbox"
           " WHERE sent_at IS NULL AND refused IS NULL AND command_id IS NOT NULL"
           " GROUP BY command_id, region ORDER BY min(id) LIMIT $1"},
          {"outbox_sent", "UPDATE operator.outbox SET sent_at = now() WHERE command_id = $1"},
          {"outbox_refused", "UPDATE operator.outbox SET refused = $2 WHERE command_id = $1"}};
}

OutboxRange read_range(const pqxx::row& row) {
  return {.command = {Uuid::parse(text_of(row[0])).value_or(Uuid{})},
          .region = text_of(row[1]),
          .first = Ipv4::parse(text_of(row[2])).value_or(Ipv4{}),
          .last = Ipv4::parse(text_of(row[3])).value_or(Ipv4{}),
          .inserted_at = instant_of(row[4])};
}

}  // namespace

struct Outbox::Impl {
  std::string url;
  std::unique_ptr<Session> session;

  DbResult<pqxx::result> run(const std::string& statement, const Arguments& arguments) {
    try {
      if (!session) {
        auto opened = open_session(url, write_limits);
        prepare(*opened, outbox_statements());
        session = std::move(opened);
      }
      const BoundedWait wait(*session);
      pqxx::nontransaction tx(wait.connection());
      return execute(tx, statement, arguments);
    } catch (...) {
      auto failure = current_failure(session.get());
      session.reset();
      return tl::unexpected(std::move(failure));
    }
  }
};

Outbox::Outbox(std::string url) : impl_(std::make_unique<Impl>()) { impl_->url = std::move(url); }
Outbox::~Outbox() = default;

DbResult<void> Outbox::group() {
  const auto done = impl_->run("outbox_group", {});
  return done ? DbResult<void>() : tl::unexpected(done.error());
}

DbResult<std::vector<OutboxRange>> Outbox::list(std::size_t limit) {
  const auto rows =
      impl_->run("outbox_list", Arguments().integer(static_cast<std::int64_t>(limit)));
  if (!rows) {
    return tl::unexpected(rows.error());
  }
  std::vector<OutboxRange> ranges;
  for (const auto& row : *rows) {
    ranges.push_back(read_range(row));
  }
  return ranges;
}

DbResult<void> Outbox::mark_sent(const CommandId& command) {
  const auto done = impl_->run("outbox_sent", Arguments().ready(command.to_string()));
  return done ? DbResult<void>() : tl::unexpected(done.error());
}

DbResult<void> Outbox::mark_refused(const CommandId& command, const std::string& reason) {
  const auto done =
      impl_->run("outbox_refused", Arguments().ready(command.to_string()).text(reason));
  return done ? DbResult<void>() : tl::unexpected(done.error());
}

}  // namespace vsim::read_model
