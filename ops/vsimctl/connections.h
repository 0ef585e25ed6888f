#pragma once

// The broker, the log on it and Postgres, for tasks that run once: each failure is one line that
// says what does not answer and how to go on, and holds no password.

#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "domain/sim_clock.h"
#include "eventstore/broker.h"
#include "eventstore/broker_clock.h"
#include "eventstore/jetstream_store.h"
#include "ops/process/settings.h"
#include "schema/read_model/database.h"

namespace vsim::vsimctl {

tl::expected<std::unique_ptr<eventstore::Broker>, std::string> connect_broker(
    const process::CommonSettings&);

/// EVENTS, and the connection it is read and appended through.
class Log {
 public:
  static tl::expected<std::unique_ptr<Log>, std::string> open(const process::CommonSettings&);

  eventstore::Broker& broker() { return *broker_; }
  eventstore::EventStore& events() { return events_; }

  /// The broker's time, which all of vsim uses (D38), never this machine's. Measured at each
  /// call: three round trips.
  tl::expected<eventstore::Timestamp, std::string> now(const process::CommonSettings&);
  /// What was measured by the last now().
  eventstore::BrokerClock::Status clock_status() const { return clock_.status(); }

 private:
  explicit Log(std::unique_ptr<eventstore::Broker> broker);
  std::unique_ptr<eventstore::Broker> broker_;
  eventstore::JetStreamStore events_;
  eventstore::BrokerClock clock_;
};

/// The clock after its last event. The error is a sentence for the operator, also where the log has
/// no clock yet.
tl::expected<SimClock, std::string> load_clock(const process::CommonSettings& settings, Log& log);

/// What an error of the broker, or of Postgres, means to the operator.
std::string explain(const process::CommonSettings& settings, const eventstore::Error& error);
std::string explain(const process::CommonSettings& settings,
                    const read_model::DatabaseError& error);

/// Runs one query on Postgres, on a connection of its own.
template <typename Query>
auto query(const process::CommonSettings& settings, Query&& query)
    -> tl::expected<decltype(query(std::declval<read_model::Transaction&>())), std::string> {
  read_model::ConnectionPool database(settings.database_url, 1, read_model::operator_limits);
  auto found = database.read(std::forward<Query>(query));
  if (!found) {
    return tl::unexpected(explain(settings, found.error()));
  }
  return std::move(*found);
}

/// "host:port" of a broker's URL: the part without a password.
std::string shown_address(const std::string& nats_url);

/// The text with the password of `url` (a URL or libpq's "key=value ...") taken out.
std::string without_password(std::string text, const std::string& url);

}  // namespace vsim::vsimctl
