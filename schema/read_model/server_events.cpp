#include "schema/read_model/server_events.h"

#include <limits>

#include <fmt/format.h>

#include "schema/read_model/column_arrays.h"
#include "schema/read_model/quick_session.h"
#include "schema/read_model/server_columns.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

/// 2500 ms as "2.5 s": no more digits than it takes.
std::string seconds_text(Duration length) {
  std::string text = fmt::format("{:.3f}", static_cast<double>(length.count()) / 1000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') {
    text.pop_back();
  }
  return text + " s";
}

struct Sentence {
  const Event& event;
  const State& after;

  std::string until(Instant due) const { return seconds_text(due - event.at); }
  // How a transition will end is not told before it does, but that it is stuck shows by itself.
  std::string until(const End& end, std::string_view what) const {
    return end.due ? fmt::format("{} in {}", what, until(*end.due)) : std::string("and stuck");
  }
  std::string leased(const std::optional<Instant>& expires_at) const {
    return expires_at ? ", leased for " + until(*expires_at) : "";
  }
  std::string ip() const {
    return after.server ? after.server->blueprint.ip.to_string() : "its address";
  }

  std::string warm_pool() const {
    return after.server && after.server->blueprint.warm ? after.server->blueprint.warm->pool
                                                        : "of its own";
  }

  std::string operator()(const ServerProvisioning& e) const {
    return fmt::format("Provisioning {} with address {}, {}{}", e.blueprint.instance_type,
                       e.blueprint.ip.to_string(), until(e.end, "ready"), leased(e.expires_at));
  }
  std::string operator()(const ServerProvisioned& e) const {
    return fmt::format("Provisioned {} with address {}{}", e.blueprint.instance_type,
                       e.blueprint.ip.to_string(), leased(e.expires_at));
  }
  std::string operator()(const ServerStarting& e) const {
    return "Starting, " + until(e.end, "running");
  }
  std::string operator()(const ServerStarted&) const { return "Running"; }
  std::string operator()(const ServerStopping& e) const {
    return "Stopping, " + until(e.end, "stopped");
  }
  std::string operator()(const ServerStopped& e) const {
    return e.failure ? "Stopped: " + e.failure->detail : "Stopped";
  }
  std::string operator()(const ServerRebooting& e) const {
    return "Rebooting, " + until(e.end, "running again");
  }
  std::string operator()(const ServerRebooted&) const { return "Running again after a reboot"; }
  std::string operator()(const ServerTerminating& e) const {
    return "Terminating, " + until(e.end, "terminated");
  }
  std::string operator()(const ServerTerminated& e) const {
    switch (e.reason) {
      case TerminationReason::user:
        return fmt::format("Terminated; {} is free again", ip());
      case TerminationReason::idle_timeout:
        return fmt::format("Terminated after standing idle too long; {} is free again", ip());
      case TerminationReason::forced:
        return fmt::format("Terminated by force ({}); {} is free again", e.note, ip());
      case TerminationReason::launch_failure:
        return fmt::format("Launch failed ({}): {}; {} is free again",
                           e.failure.value_or(Failure{}).code, e.failure.value_or(Failure{}).detail,
                           ip());
      case TerminationReason::interruption:
        return fmt::format("Interrupted; {} is free again", ip());
      case TerminationReason::lease_expired:
        return fmt::format("Terminated at the end of its lease; {} is free again", ip());
      case TerminationReason::released:
        return fmt::format("Released by whoever had it; {} is free again", ip());
      case TerminationReason::retired:
        return fmt::format("Retired from warm pool {}; {} is free again", warm_pool(), ip());
    }
    return {};
  }
  std::string operator()(const ServerFailed& e) const {
    return fmt::format("Failed ({}): {}", e.failure.code, e.failure.detail);
  }
  std::string operator()(const ServerImpaired& e) const {
    const auto length = e.until ? ", for " + until(*e.until) : std::string();
    return (e.incident ? "Impaired by an outage of the region" : "Impaired") + length;
  }
  std::string operator()(const ServerRecovered&) const { return "Healthy again"; }
  std::string operator()(const ServerInterruptionNoticed& e) const {
    return fmt::format("Interruption announced, in {}", until(e.interruption_at));
  }
  std::string operator()(const LeaseExtended& e) const {
    return fmt::format("Lease extended, to end in {}", until(e.expires_at));
  }
  std::string operator()(const ServerAssigned& e) const {
    return "Acquired from warm pool " + warm_pool() + leased(e.expires_at);
  }
  std::string operator()(const ServerReleased& e) const {
    return "Released to warm pool " + warm_pool() +
           (e.end ? ", rebooting, " + until(*e.end, "ready") : ", and ready");
  }
  std::string operator()(const CommandRejected& e) const {
    return fmt::format("Command rejected ({}): {}", to_string(e.rejection.code),
                       e.rejection.detail);
  }
  std::string operator()(const CommandPurged&) const {
    return "Command purged from the queue before it was carried out";
  }
  std::string operator()(const CommandDeadLettered& e) const {
    return fmt::format("Command moved to the dead letters: {}", e.reason);
  }
};

std::string shown_columns_of_events(ValueForm form) {
  return "version, " + instant_column("at", form) +
         ", event, message, actor, command_id, correlation_id, sequence";
}
constexpr int shown_column_count = 8;

/// `Row` is libpqxx's or a BinaryRow.
template <typename Row>
ServerEventRow read_event(const Row& row) {
  ServerEventRow event;
  event.version = integer_of<Version>(row[0]);
  event.at = instant_of(row[1]);
  event.event = text_of(row[2]);
  event.message = text_of(row[3]);
  event.actor = text_of(row[4]);
  event.command_id = id_text_of(row[5]);
  event.correlation_id = text_of(row[6]);
  event.sequence = integer_of<StreamSequence>(row[7]);
  return event;
}

std::string page_of_events_sql(const std::string& condition) {
  return "SELECT " + shown_columns_of_events(ValueForm::binary) +
         " FROM server_events WHERE server_id = $1 AND version < $2::bigint" + condition +
         " ORDER BY version DESC LIMIT $3";
}

const Statement& page_of_events_statement() {
  static const Statement statement{"server_events_page", page_of_events_sql("")};
  return statement;
}

/// A subject without a server holds outcomes alone: of commands in the name of one account, unless
/// somebody has made the server's id up.
const Statement& page_of_events_of_account_statement() {
  static const Statement statement{
      "server_events_page_of_account",
      page_of_events_sql(" AND coalesce((SELECT s.account = $4 FROM servers s WHERE s.id = $1),"
                         " (SELECT bool_and(o.account = $4) FROM operations o"
                         " WHERE o.server_id = $1))")};
  return statement;
}

}  // namespace

std::vector<Statement> server_event_statements() {
  return {{"server_events_all",
           "SELECT " + shown_columns_of_events(ValueForm::text) +
               ", server_id FROM server_events WHERE (server_id, version) > ($1::uuid, $2::bigint)"
               " ORDER BY server_id, version LIMIT $3"},
          {"server_events_newest",
           "SELECT wanted.id, newest.sequence FROM unnest($1::uuid[]) AS wanted (id)"
           " CROSS JOIN LATERAL (SELECT sequence FROM server_events WHERE server_id = wanted.id"
           " ORDER BY version DESC LIMIT 1) AS newest"}};
}

std::string event_message(const Event& event, const State& after) {
  return std::visit(Sentence{event, after}, event.data);
}

DbResult<std::vector<ServerEventRow>> list_server_events(
    ConnectionPool& pool, const ServerId& id, std::uint32_t limit, Version before,
    const std::optional<std::string>& account) {
  constexpr auto end = std::numeric_limits<std::int64_t>::max();
  QuickRead read{
      .statement = account ? page_of_events_of_account_statement() : page_of_events_statement(),
      .arguments = Arguments()
                       .ready(id.to_string())
                       .integer(before == 0 ? end : static_cast<std::int64_t>(before))
                       .integer(limit)};
  if (account) {
    read.arguments.text(*account);
  }
  pool.run_together(read);
  if (read.failure) {
    return tl::unexpected(std::move(*read.failure));
  }
  std::vector<ServerEventRow> events;
  const int rows = PQntuples(read.rows.get());
  events.reserve(static_cast<std::size_t>(rows));
  for (int row = 0; row < rows; ++row) {
    events.push_back(read_event(BinaryRow(*read.rows, row)));
  }
  return events;
}

std::vector<AnyServerEvent> list_all_server_events(Transaction& tx, const ServerId& after,
                                                   Version version, std::uint32_t limit) {
  const Arguments arguments = Arguments()
                                  .ready(after.to_string())
                                  .integer(static_cast<std::int64_t>(version))
                                  .integer(limit);
  std::vector<AnyServerEvent> events;
  for (const auto& row : execute(tx, "server_events_all", arguments)) {
    events.push_back(
        {{Uuid::parse(view_of(row[shown_column_count])).value_or(Uuid{})}, read_event(row)});
  }
  return events;
}

NewestEvents find_newest_events(Transaction& tx, std::span<const ServerId> servers) {
  ColumnArray ids;
  for (const auto& server : servers) {
    ids.text(server.to_string());
  }
  NewestEvents newest;
  for (const auto& row : execute(tx, "server_events_newest", Arguments().ready(ids.take()))) {
    if (const auto id = Uuid::parse(view_of(row[0]))) {
      newest[ServerId{*id}] = integer_of<StreamSequence>(row[1]);
    }
  }
  return newest;
}

}  // namespace vsim::read_model
