#include "schema/read_model/database.h"

#include <condition_variable>
#include <mutex>
#include <vector>

#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

constexpr std::chrono::seconds wait_for_connection_max{2};

std::unique_ptr<pqxx::connection> open_reader(const std::string& url) {
  auto connection = open_connection(url, "SET statement_timeout TO '5s'");
  for (const auto& statements :
       {server_statements(), server_event_statements(), operation_statements(),
        billing_statements(), small_table_statements()}) {
    prepare(*connection, statements);
  }
  return connection;
}

}  // namespace

struct ConnectionPool::Impl {
  std::string url;
  std::size_t connections_max;
  std::mutex mutex;
  std::condition_variable freed;
  std::size_t in_use = 0;                               // guarded by mutex, as idle is
  std::vector<std::unique_ptr<pqxx::connection>> idle;  // the last used one last

  /// A place among the connections, and an idle one if there is one; false: none within the wait.
  bool take(std::unique_ptr<pqxx::connection>& connection) {
    std::unique_lock lock(mutex);
    if (!freed.wait_for(lock, wait_for_connection_max, [&] { return in_use < connections_max; })) {
      return false;
    }
    ++in_use;
    if (!idle.empty()) {
      connection = std::move(idle.back());
      idle.pop_back();
    }
    return true;
  }

  /// Gives the place back; nothing in `connection` when it broke.
  void give_back(std::unique_ptr<pqxx::connection> connection) {
    {
      const std::lock_guard lock(mutex);
      --in_use;
      if (connection) {
        idle.push_back(std::move(connection));
      }
    }
    freed.notify_one();
  }
};

ConnectionPool::ConnectionPool(std::string url, std::size_t connections_max)
    : impl_(std::make_unique<Impl>()) {
  impl_->url = std::move(url);
  impl_->connections_max = connections_max;
}

ConnectionPool::~ConnectionPool() = default;

std::optional<DatabaseError> ConnectionPool::run(const std::function<void(Transaction&)>& query) {
  std::unique_ptr<pqxx::connection> connection;
  if (!impl_->take(connection)) {
    return DatabaseError{DatabaseError::Kind::unavailable,
                         "all connections to Postgres were busy for 2 s"};
  }
  std::optional<DatabaseError> failure;
  for (bool again = true; again;) {
    const bool was_idle = connection != nullptr;
    again = false;
    failure.reset();
    try {
      if (!connection) {
        connection = open_reader(impl_->url);
      }
      pqxx::nontransaction tx(*connection);
      query(tx);
    } catch (...) {
      failure = connection ? current_failure(*connection) : current_failure();
    }
    if (failure && failure->kind == DatabaseError::Kind::unavailable) {
      // It may have gone stale while it was idle: queries only read, so try once more on a new one.
      connection.reset();
      again = was_idle;
    }
  }
  if (connection && !connection->is_open()) {
    connection.reset();
  }
  impl_->give_back(std::move(connection));
  return failure;
}

}  // namespace vsim::read_model
