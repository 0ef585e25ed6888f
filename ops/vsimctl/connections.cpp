#include "ops/vsimctl/connections.h"

#include <fmt/format.h>

#include "eventstore/clock_watch.h"
#include "ops/process/broker_connection.h"
#include "ops/process/clock_of_log.h"
#include "schema/messages/subjects.h"

namespace vsim::vsimctl {
namespace {

/// The password in "scheme://user:PASSWORD@host" or "... password=PASSWORD ..."; may be empty.
std::string password_of(const std::string& url) {
  if (const auto scheme = url.find("://"); scheme != std::string::npos) {
    const auto host = url.find('@', scheme);
    const auto colon = url.find(':', scheme + 3);
    if (host != std::string::npos && colon < host) {
      return url.substr(colon + 1, host - colon - 1);
    }
  }
  const std::string_view key = "password=";
  const auto at = url.find(key);
  if (at == std::string::npos) {
    return {};
  }
  auto value = url.substr(at + key.size());
  if (value.starts_with('\'')) {
    return value.substr(1, value.find('\'', 1) - 1);
  }
  return value.substr(0, value.find_first_of(" &"));
}

}  // namespace

std::string without_password(std::string text, const std::string& url) {
  const std::string password = password_of(url);
  if (password.empty()) {
    return text;
  }
  for (auto at = text.find(password); at != std::string::npos; at = text.find(password, at + 3)) {
    text.replace(at, password.size(), "***");
  }
  return text;
}

std::string shown_address(const std::string& nats_url) {
  std::string address = nats_url.substr(nats_url.find("://") + 3);
  if (const auto user = address.rfind('@'); user != std::string::npos) {
    address.erase(0, user + 1);
  }
  return address;
}

std::string explain(const process::CommonSettings& settings, const eventstore::Error& error) {
  using Kind = eventstore::Error::Kind;
  const std::string broker = "NATS at " + shown_address(settings.nats_url);
  const std::string detail = without_password(error.detail, settings.nats_url);
  switch (error.kind) {
    case Kind::unavailable:
      return fmt::format("{} does not answer ({}); start it with ops/up, or set NATS_URL", broker,
                         detail);
    case Kind::unknown:
      return fmt::format(
          "{} gave no answer in time ({}): what was asked may have been done; look, or try again",
          broker, detail);
    case Kind::conflict:
      return fmt::format("somebody else was first ({}); try again", detail);
    case Kind::refused:
      return fmt::format("{} refuses: {}", broker, detail);
    case Kind::damaged:
      return detail;
  }
  return detail;
}

std::string explain(const process::CommonSettings& settings,
                    const read_model::DatabaseError& error) {
  using Kind = read_model::DatabaseError::Kind;
  const std::string detail = without_password(error.detail, settings.database_url);
  switch (error.kind) {
    case Kind::unavailable:
      // A server that says FATAL is there, and lets nobody in.
      return detail.find("FATAL:") != std::string::npos
                 ? fmt::format("Postgres gives no session ({})", detail)
                 : fmt::format(
                       "Postgres does not answer ({}); start it with ops/up, or set "
                       "DATABASE_URL",
                       detail);
    case Kind::busy:
      return fmt::format("Postgres cannot do it now ({}); try again", detail);
    case Kind::read_only:
      return fmt::format("Postgres takes no writes ({}); set DATABASE_URL to the one that does",
                         detail);
    case Kind::not_migrated:
      return fmt::format("Postgres has no tables of vsim ({}); run vsimctl migrate", detail);
    case Kind::bad_value:
    case Kind::refused:
      return fmt::format("Postgres refuses: {}", detail);
  }
  return detail;
}

tl::expected<std::unique_ptr<eventstore::Broker>, std::string> connect_broker(
    const process::CommonSettings& settings) {
  auto broker = eventstore::Broker::connect(process::broker_options(settings, "vsimctl"));
  if (!broker) {
    return tl::unexpected(explain(settings, broker.error()));
  }
  return std::move(*broker);
}

tl::expected<SimClock, std::string> load_clock(const process::CommonSettings& settings, Log& log) {
  auto clock = process::load_clock(log.events());
  if (!clock) {
    const bool cannot_be_read = clock.error().kind == eventstore::Error::Kind::refused;
    return tl::unexpected(cannot_be_read ? clock.error().detail : explain(settings, clock.error()));
  }
  if (!*clock) {
    return tl::unexpected<std::string>("the log has no clock yet; run vsimctl migrate");
  }
  return std::move(**clock);
}

Log::Log(std::unique_ptr<eventstore::Broker> broker)
    : broker_(std::move(broker)),
      events_(*broker_, *broker_, std::string(messages::events_stream)) {}

tl::expected<std::unique_ptr<Log>, std::string> Log::open(const process::CommonSettings& settings) {
  auto broker = connect_broker(settings);
  if (!broker) {
    return tl::unexpected(broker.error());
  }
  return std::unique_ptr<Log>(new Log(std::move(*broker)));
}

tl::expected<eventstore::Timestamp, std::string> Log::now(const process::CommonSettings& settings) {
  constexpr int measurements = 3;
  for (int i = 0; i < measurements; ++i) {
    const auto ok = eventstore::measure(*broker_, std::string(messages::events_stream), clock_);
    if (!ok) {
      return tl::unexpected(explain(settings, ok.error()));
    }
  }
  if (const auto trouble = clock_.trouble(); !trouble.empty()) {
    return tl::unexpected(trouble);
  }
  return clock_.now();
}

}  // namespace vsim::vsimctl
