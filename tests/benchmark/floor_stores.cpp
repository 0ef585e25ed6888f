#include "tests/benchmark/floor_stores.h"

#include <array>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace vsim::bench {
namespace {

using Result = std::unique_ptr<PGresult, PostgresDeleter>;

void check_result(PGconn& session, const PGresult* result) {
  const auto status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(std::string("Postgres: ") + PQerrorMessage(&session));
  }
}

}  // namespace

FloorStores::FloorStores(const std::string& nats_url, const std::string& database_url)
    : nats_url_(nats_url),
      database_url_(database_url),
      connection_(connect(nats_url, true)),
      name_(fmt::format("vsimbench{}x{}", ::getpid(),
                        std::chrono::steady_clock::now().time_since_epoch().count())) {
  make_stream(commands(), fmt::format(R"("subjects":["{}.cmd.*"],"retention":"workqueue",)"
                                      R"("discard_new_per_subject":true,"max_msgs_per_subject":1,)"
                                      R"("max_msgs":200000,"max_msg_size":65536,)"
                                      R"("duplicate_window":600000000000)",
                                      name_));
  make_stream(events(), fmt::format(R"("subjects":["{}.evt.>"],"retention":"limits",)"
                                    R"("allow_batched":true,"compression":"s2")",
                                    name_));
  const Session session = open_session(database_url_);
  run_sql(*session, fmt::format("CREATE SCHEMA {0}; "
                                "CREATE TABLE {1} (key text PRIMARY KEY, body text NOT NULL)",
                                name_, table()));
}

FloorStores::~FloorStores() {
  try {
    request(connection_, "$JS.API.STREAM.DELETE." + commands(), "");
    request(connection_, "$JS.API.STREAM.DELETE." + events(), "");
    const Session session = open_session(database_url_);
    run_sql(*session, fmt::format("DROP SCHEMA {} CASCADE", name_));
  } catch (const std::exception&) {
    // A server is gone; the name says to a person whose this was.
  }
}

void FloorStores::make_stream(const std::string& stream, const std::string& json) {
  const std::string reply =
      request(connection_, "$JS.API.STREAM.CREATE." + stream,
              fmt::format(R"({{"name":"{}","storage":"file","num_replicas":1,"discard":"new",)"
                          R"("allow_direct":true,{}}})",
                          stream, json));
  if (reply.find("\"error\"") != std::string::npos) {
    throw std::runtime_error("the stream " + stream + ": " + reply);
  }
}

Session open_session(const std::string& url) {
  Session session(PQconnectdb(url.c_str()));
  if (PQstatus(session.get()) != CONNECTION_OK) {
    throw std::runtime_error(std::string("Postgres: ") + PQerrorMessage(session.get()));
  }
  PQsetNoticeProcessor(session.get(), [](void*, const char*) {}, nullptr);
  return session;
}

void run_sql(PGconn& session, const std::string& sql) {
  const Result result(PQexec(&session, sql.c_str()));
  check_result(session, result.get());
}

SessionPool::SessionPool(const FloorStores& stores, std::size_t sessions) {
  const std::string insert =
      "INSERT INTO " + stores.table() +
      " VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET body = excluded.body";
  for (std::size_t i = 0; i < sessions; ++i) {
    Session session = open_session(stores.database_url());
    run_sql(*session, "SET synchronous_commit TO off");  // as the projector has it
    const Result prepared(PQprepare(session.get(), "write_row", insert.c_str(), 2, nullptr));
    check_result(*session, prepared.get());
    idle_.push_back(std::move(session));
  }
}

Session SessionPool::take() {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [this] { return !idle_.empty(); });
  Session session = std::move(idle_.back());
  idle_.pop_back();
  return session;
}

void SessionPool::write_row(const std::string& key, const std::string& body) {
  Session session = take();
  const std::array<const char*, 2> values = {key.c_str(), body.c_str()};
  const Result written(
      PQexecPrepared(session.get(), "write_row", 2, values.data(), nullptr, nullptr, 0));
  const auto give_back = [&] {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(session));
    given_back_.notify_one();
  };
  try {
    check_result(*session, written.get());
  } catch (const std::exception&) {
    give_back();  // others wait for it, and fail by themselves
    throw;
  }
  give_back();
}

}  // namespace vsim::bench
