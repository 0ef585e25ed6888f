#pragma once

// The inside of this folder: the columns that a projection writes, and how each row fills them.
// Every writer of rows takes them from here, by arrays or by COPY, so that all write the same.

#include <array>

#include "schema/read_model/projection_batch.h"
#include "schema/read_model/row_sink.h"

namespace vsim::read_model {

inline constexpr std::array event_columns{
    Column{"server_id", "uuid"}, Column{"version", "bigint"},      Column{"sequence", "bigint"},
    Column{"at", "instant"},     Column{"event", "text"},          Column{"message", "text"},
    Column{"actor", "text"},     Column{"correlation_id", "text"}, Column{"command_id", "uuid"}};

inline constexpr std::array server_columns_written{Column{"id", "uuid"},
                                                   Column{"name", "text"},
                                                   Column{"region", "text"},
                                                   Column{"type", "text"},
                                                   Column{"status", "text"},
                                                   Column{"ip", "inet"},
                                                   Column{"profile", "text"},
                                                   Column{"tags", "jsonb"},
                                                   Column{"account", "text"},
                                                   Column{"version", "bigint"},
                                                   Column{"changed_version", "bigint"},
                                                   Column{"created_at", "instant"},
                                                   Column{"updated_at", "instant"},
                                                   Column{"last_started_at", "instant"},
                                                   Column{"due", "instant"},
                                                   Column{"due_turn", "text"},
                                                   Column{"transition_due", "instant"},
                                                   Column{"termination_reason", "text"},
                                                   Column{"failure_code", "text"},
                                                   Column{"failure_detail", "text"},
                                                   Column{"health", "text"},
                                                   Column{"interruption_at", "instant"},
                                                   Column{"expires_at", "instant"},
                                                   Column{"hourly_rate", "bigint"},
                                                   Column{"settled_seconds", "bigint"},
                                                   Column{"open_since", "instant"},
                                                   Column{"granularity_seconds", "bigint"},
                                                   Column{"minimum_seconds", "bigint"},
                                                   Column{"idle_timeout_ms", "bigint"},
                                                   Column{"warm_pool", "text"},
                                                   Column{"warm_number", "bigint"},
                                                   Column{"assigned_at", "instant"}};

inline constexpr std::array count_columns{Column{"region", "text"}, Column{"type", "text"},
                                          Column{"status", "text"}, Column{"account", "text"},
                                          Column{"servers", "bigint"}};

inline constexpr std::array operation_columns{Column{"id", "uuid"},
                                              Column{"type", "text"},
                                              Column{"region", "text"},
                                              Column{"server_id", "uuid"},
                                              Column{"status", "text"},
                                              Column{"code", "text"},
                                              Column{"detail", "text"},
                                              Column{"request_hash", "text"},
                                              Column{"actor", "text"},
                                              Column{"correlation_id", "text"},
                                              Column{"account", "text"},
                                              Column{"command_sequence", "bigint"},
                                              Column{"event_sequence", "bigint"},
                                              Column{"version", "bigint"},
                                              Column{"decided_at", "instant"},
                                              Column{"pending_since", "bigint"}};

inline constexpr std::array address_columns{Column{"region", "text"}, Column{"ip", "inet"},
                                            Column{"server_id", "uuid"},
                                            Column{"last_claim", "bigint"}};

inline constexpr std::array region_event_columns{
    Column{"region", "text"},    Column{"version", "bigint"}, Column{"sequence", "bigint"},
    Column{"at", "instant"},     Column{"event", "text"},     Column{"content", "text"},
    Column{"until", "instant"},  Column{"outage", "text"},    Column{"actor", "text"},
    Column{"command_id", "uuid"}};

inline constexpr std::array clock_columns{Column{"sequence", "bigint"},
                                          Column{"simulated_at", "instant"},
                                          Column{"stored_at_ns", "bigint"},
                                          Column{"scale", "double precision"},
                                          Column{"seed", "numeric"},
                                          Column{"version", "bigint"},
                                          Column{"deadlines_applied", "instant"},
                                          Column{"log_through", "bigint"}};

inline constexpr std::array watermark_columns{
    Column{"region", "text"}, Column{"sequence", "bigint"}, Column{"version", "bigint"},
    Column{"through", "instant"}};

inline constexpr std::array period_columns{Column{"server_id", "uuid"},
                                           Column{"opened_version", "bigint"},
                                           Column{"began", "instant"},
                                           Column{"ended", "instant"},
                                           Column{"hourly_rate", "bigint"},
                                           Column{"granularity_seconds", "bigint"},
                                           Column{"minimum_seconds", "bigint"},
                                           Column{"settled_before", "bigint"},
                                           Column{"billed_seconds", "bigint"},
                                           Column{"region", "text"},
                                           Column{"type", "text"},
                                           Column{"account", "text"}};

inline constexpr std::array period_end_columns{
    Column{"server_id", "uuid"}, Column{"ended", "instant"}, Column{"settled", "bigint"}};

inline constexpr std::array warm_pool_columns{
    Column{"account", "text"},       Column{"name", "text"},
    Column{"region", "text"},        Column{"type", "text"},
    Column{"profile", "text"},       Column{"tags", "jsonb"},
    Column{"target", "bigint"},      Column{"replenish_below", "bigint"},
    Column{"warming_max", "bigint"}, Column{"on_release", "text"},
    Column{"draining", "boolean"},   Column{"created_at", "instant"},
    Column{"updated_at", "instant"}, Column{"version", "bigint"},
    Column{"sequence", "bigint"}};

inline constexpr std::array warm_pool_count_columns{
    Column{"account", "text"}, Column{"name", "text"}, Column{"last_number", "bigint"},
    Column{"hits", "bigint"}, Column{"failed", "bigint"}};

// A row each, for the columns above in their order.
void add_row(RowSink& to, const ServerId& server, const ServerEventRow& row);
void add_row(RowSink& to, const ServerRow& row);
void add_row(RowSink& to, const OperationRow& row);
void add_row(RowSink& to, const std::pair<Region, Ipv4>& address, const AddressChange& change);
void add_row(RowSink& to, const RegionEvent& event, StreamSequence sequence);
void add_row(RowSink& to, const ClockChange& clock);
void add_row(RowSink& to, const BillingWatermark& watermark, StreamSequence sequence);
void add_row(RowSink& to, const PeriodBegun& period);
void add_row(RowSink& to, const WarmPoolId& id, const WarmPool& pool, StreamSequence sequence);
void add_row(RowSink& to, const WarmPoolId& id, const WarmPoolCounts& counts);
void add_row(RowSink& to, const ServerId& server, const PeriodEnd& end);

}  // namespace vsim::read_model
