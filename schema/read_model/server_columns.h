#pragma once

// The columns of a server as queries give them, and their reader: `servers` is read alone and
// beside its operation.

#include <string>

#include "schema/read_model/servers.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {

/// To select from `servers AS s`.
inline const std::string server_columns =
    "s.id, s.name, s.region, s.type, s.status, s.ip, s.profile, s.tags, s.account, s.version,"
    " s.changed_version,"
    " (date_part('epoch', s.created_at) * 1000)::bigint,"
    " (date_part('epoch', s.updated_at) * 1000)::bigint,"
    " (date_part('epoch', s.last_started_at) * 1000)::bigint,"
    " (date_part('epoch', s.due) * 1000)::bigint, s.termination_reason, s.hourly_rate,"
    " s.settled_seconds, (date_part('epoch', s.open_since) * 1000)::bigint,"
    " s.granularity_seconds, s.minimum_seconds, s.idle_timeout_ms,"
    " (SELECT (date_part('epoch', w.through) * 1000)::bigint FROM billing_watermarks w"
    " WHERE w.region = s.region)";
inline constexpr int server_column_count = 23;

/// Reads server_columns from the column `first` on.
ServerRow read_server(const pqxx::row& row, int first);

/// By status, so that the index leads past all that is terminated.
inline constexpr std::string_view not_terminated =
    "status IN ('PENDING', 'RUNNING', 'STOPPING', 'STOPPED', 'REBOOTING', 'TERMINATING')";

}  // namespace vsim::read_model
