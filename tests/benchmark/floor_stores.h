#pragma once

// What the floor is measured on: two streams set up like COMMANDS and EVENTS (and EVENTS with
// chains allowed), and a table. All are the bench's own, and are removed with the object.

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <libpq-fe.h>

#include "tests/benchmark/nats_raii.h"

namespace vsim::bench {

/// Threads: any. Functions throw std::runtime_error when a server refuses.
class FloorStores {
 public:
  FloorStores(const std::string& nats_url, const std::string& database_url);
  ~FloorStores();
  FloorStores(const FloorStores&) = delete;
  FloorStores& operator=(const FloorStores&) = delete;

  std::string commands() const { return name_ + "_CMD"; }
  std::string events() const { return name_ + "_EVT"; }
  std::string table() const { return name_ + ".rows"; }
  /// Of the subjects: NAME.cmd.* and NAME.evt.>.
  const std::string& name() const { return name_; }
  const std::string& nats_url() const { return nats_url_; }
  const std::string& database_url() const { return database_url_; }

 private:
  void make_stream(const std::string& stream, const std::string& json);
  std::string nats_url_;
  std::string database_url_;
  Connection connection_;
  std::string name_;
};

struct PostgresDeleter {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
};
using Session = std::unique_ptr<PGconn, PostgresDeleter>;

Session open_session(const std::string& url);
/// One or more statements without parameters.
void run_sql(PGconn& session, const std::string& sql);

/// Sessions of Postgres, shared by writers: it has fewer than there may be clients. Any thread.
class SessionPool {
 public:
  SessionPool(const FloorStores& stores, std::size_t sessions);
  /// Writes one row by one prepared statement, or writes it anew. Blocks while all sessions are
  /// busy.
  void write_row(const std::string& key, const std::string& body);

 private:
  Session take();
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<Session> idle_;
};

}  // namespace vsim::bench
