#pragma once

// The columns of a server as queries give them, and their reader: `servers` is read alone and
// beside its operation.

#include <cstdint>
#include <string>
#include <string_view>

#include "schema/read_model/servers.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {

/// How a query gives its values: as texts, for libpqxx, or in Postgres' binary form (D68).
enum class ValueForm : std::uint8_t { text, binary };

/// A moment, for instant_of() in that form.
inline std::string instant_column(const std::string& column, ValueForm form) {
  return form == ValueForm::binary ? column : "(date_part('epoch', " + column + ") * 1000)::bigint";
}

/// To select from `servers AS s`; `billed_through` is the SQL for that moment.
inline std::string server_columns(ValueForm form, const std::string& billed_through) {
  const auto instant = [form](const char* column) { return instant_column(column, form); };
  return "s.id, s.name, s.region, s.type, s.status, s.ip, s.profile, s.tags, s.account, s.version,"
         " s.changed_version, " +
         instant("s.created_at") + ", " + instant("s.updated_at") + ", " +
         instant("s.last_started_at") + ", " + instant("s.due") + ", s.due_turn, " +
         instant("s.transition_due") +
         ", s.termination_reason, s.failure_code, s.failure_detail, s.health, " +
         instant("s.interruption_at") + ", " + instant("s.expires_at") +
         ", s.hourly_rate, s.settled_seconds, " + instant("s.open_since") +
         ", s.granularity_seconds, s.minimum_seconds, s.idle_timeout_ms, s.warm_pool,"
         " s.warm_number, " +
         instant("s.assigned_at") + ", " + billed_through;
}

/// The same, for one server.
inline std::string server_columns(ValueForm form) {
  return server_columns(form, "(SELECT " + instant_column("w.through", form) +
                                  " FROM billing_watermarks w WHERE w.region = s.region)");
}
inline constexpr int server_column_count = 33;

/// Tags as they are shown. Postgres writes what it keeps as jsonb in its own way: other blanks,
/// other order of the keys.
std::string tags_as_written(std::string kept);

/// A text, or none where the value is null.
template <typename Field>
std::optional<std::string> optional_text_of(const Field& field) {
  return field.is_null() ? std::nullopt : std::optional<std::string>(text_of(field));
}

/// Reads server_columns() from the column `first` on. `Row` is libpqxx's or a BinaryRow.
template <typename Row>
ServerRow read_server(const Row& row, int first) {
  int next = first;
  const auto field = [&] { return row[next++]; };
  ServerRow server;
  server.id = id_text_of(field());
  server.name = text_of(field());
  server.region = text_of(field());
  server.type = text_of(field());
  server.status = text_of(field());
  server.ip = address_text_of(field());
  server.profile = text_of(field());
  server.tags_json = tags_as_written(json_text_of(field()));
  server.account = text_of(field());
  server.version = integer_of<Version>(field());
  server.changed_version = integer_of<Version>(field());
  server.created_at = instant_of(field());
  server.updated_at = instant_of(field());
  server.last_started_at = optional_instant_of(field());
  server.due = optional_instant_of(field());
  server.due_turn = optional_text_of(field());
  server.transition_due = optional_instant_of(field());
  server.termination_reason = optional_text_of(field());
  const auto failure_code = optional_text_of(field());
  const auto failure_detail = optional_text_of(field());
  if (failure_code) {
    server.failure = Failure{*failure_code, failure_detail.value_or("")};
  }
  server.health = text_of(field());
  server.interruption_at = optional_instant_of(field());
  server.expires_at = optional_instant_of(field());
  server.hourly_rate = {integer_of<std::int64_t>(field())};
  server.bill.closed = std::chrono::seconds(integer_of<std::int64_t>(field()));
  server.bill.open_since = optional_instant_of(field());
  server.billing.granularity = std::chrono::seconds(integer_of<std::int64_t>(field()));
  server.billing.minimum = std::chrono::seconds(integer_of<std::int64_t>(field()));
  server.idle_timeout = Duration{integer_of<std::int64_t>(field())};
  server.warm_pool = optional_text_of(field());
  const auto number = field();
  server.warm_number = number.is_null() ? 0 : integer_of<std::uint64_t>(number);
  server.assigned_at = optional_instant_of(field());
  server.billed_through = optional_instant_of(field());
  return server;
}

/// By status, so that the index leads past all that is terminated.
inline constexpr std::string_view not_terminated =
    "status IN ('PENDING', 'RUNNING', 'STOPPING', 'STOPPED', 'REBOOTING', 'TERMINATING', "
    "'FAILED')";

/// Whether what is due next is the reaping of an idle server: it and the end of a transition have
/// no name.
inline constexpr std::string_view is_idle = "status = 'STOPPED' AND due_turn IS NULL";

}  // namespace vsim::read_model
