#include "schema/read_model/table_rows.h"

#include <charconv>

#include "schema/messages/region_codec.h"
#include "schema/read_model/session.h"

namespace vsim::read_model {
namespace {

void add_instant(RowSink& to, const std::optional<Instant>& at) {
  if (at) {
    to.integer(unix_milliseconds(*at));
  } else {
    to.null();
  }
}

}  // namespace

void add_row(RowSink& to, const ServerId& server, const ServerEventRow& row) {
  to.text(server.to_string());
  to.integer(static_cast<std::int64_t>(row.version));
  to.integer(static_cast<std::int64_t>(row.sequence));
  to.integer(unix_milliseconds(row.at));
  to.text(row.event);
  to.text(row.message);
  to.text(row.actor);
  to.text(row.correlation_id);
  to.text_or_null(row.command_id);
}

void add_row(RowSink& to, const ServerRow& row) {
  to.text(row.id);
  to.text(row.name);
  to.text(row.region);
  to.text(row.type);
  to.text(row.status);
  to.text(row.ip);
  to.text(row.profile);
  to.text(row.tags_json);
  to.text(row.account);
  to.integer(static_cast<std::int64_t>(row.version));
  to.integer(static_cast<std::int64_t>(row.changed_version));
  to.integer(unix_milliseconds(row.created_at));
  to.integer(unix_milliseconds(row.updated_at));
  add_instant(to, row.last_started_at);
  add_instant(to, row.due);
  to.text_or_null(row.due_turn.value_or(""));
  add_instant(to, row.transition_due);
  to.text_or_null(row.termination_reason.value_or(""));
  to.text_or_null(row.failure ? row.failure->code : "");
  to.text_or_null(row.failure ? row.failure->detail : "");
  to.text(row.health);
  add_instant(to, row.interruption_at);
  add_instant(to, row.expires_at);
  to.integer(row.hourly_rate.ten_thousandths_usd);
  to.integer(row.bill.closed.count());
  add_instant(to, row.bill.open_since);
  to.integer(row.billing.granularity.count());
  to.integer(row.billing.minimum.count());
  to.integer(row.idle_timeout.count());
  to.text_or_null(row.warm_pool.value_or(""));
  if (row.warm_pool) {
    to.integer(static_cast<std::int64_t>(row.warm_number));
  } else {
    to.null();
  }
  add_instant(to, row.assigned_at);
}

void add_row(RowSink& to, const OperationRow& row) {
  to.text(row.id);
  to.text(row.type);
  to.text(row.region);
  to.text_or_null(row.server_id);
  to.text(row.status);
  to.text(row.code);
  to.text(row.detail);
  to.text(row.request_hash);
  to.text(row.actor);
  to.text(row.correlation_id);
  to.text(row.account);
  to.integer(static_cast<std::int64_t>(row.command_sequence));
  to.integer(static_cast<std::int64_t>(row.event_sequence));
  to.integer(static_cast<std::int64_t>(row.version));
  add_instant(to, row.decided_at);
  if (row.pending_since == 0) {
    to.null();
  } else {
    to.integer(static_cast<std::int64_t>(row.pending_since));
  }
}

void add_row(RowSink& to, const std::pair<Region, Ipv4>& address, const AddressChange& change) {
  to.text(address.first.name);
  to.text(address.second.to_string());
  to.text_or_null(change.holder ? change.holder->to_string() : "");
  to.integer(static_cast<std::int64_t>(change.last_claim));
}

void add_row(RowSink& to, const RegionEvent& event, StreamSequence sequence) {
  const auto* set = std::get_if<IncidentSet>(&event.data);
  to.text(event.region.name);
  to.integer(static_cast<std::int64_t>(event.version));
  to.integer(static_cast<std::int64_t>(sequence));
  to.integer(unix_milliseconds(event.at));
  to.text(event_type(event.data));
  to.text(set == nullptr ? "" : messages::incident_json(set->incident));
  add_instant(to, set == nullptr ? std::nullopt : set->incident.until);
  const bool has_outage = set != nullptr && set->incident.outage;
  to.text_or_null(has_outage ? to_string(*set->incident.outage) : "");
  to.text(event.origin.actor);
  to.text_or_null(event.cause ? event.cause->command.to_string() : "");
}

void add_row(RowSink& to, const ClockChange& change) {
  const auto& [clock, sequence, log_through] = change;
  char scale[32];  // the shortest text that reads back as the same value
  const auto end = std::to_chars(scale, scale + sizeof scale, clock.time.scale).ptr;
  to.integer(static_cast<std::int64_t>(sequence));
  to.integer(unix_milliseconds(clock.time.sim));
  to.integer(clock.time.stored_at.time_since_epoch().count());
  to.text({scale, static_cast<std::size_t>(end - scale)});
  to.text(std::to_string(clock.time.seed));
  to.integer(static_cast<std::int64_t>(clock.version));
  to.integer(unix_milliseconds(clock.deadlines_applied_through));
  to.integer(static_cast<std::int64_t>(log_through));
}

void add_row(RowSink& to, const BillingWatermark& watermark, StreamSequence sequence) {
  to.text(watermark.region.name);
  to.integer(static_cast<std::int64_t>(sequence));
  to.integer(static_cast<std::int64_t>(watermark.version));
  to.integer(unix_milliseconds(watermark.through));
}

void add_row(RowSink& to, const PeriodBegun& period) {
  to.text(period.server.to_string());
  to.integer(static_cast<std::int64_t>(period.version));
  to.integer(unix_milliseconds(period.began));
  if (period.end) {
    to.integer(unix_milliseconds(period.end->at));
  } else {
    to.null();
  }
  to.integer(period.rate.ten_thousandths_usd);
  to.integer(period.policy.granularity.count());
  to.integer(period.policy.minimum.count());
  to.integer(period.settled_before.count());
  if (period.end) {
    to.integer((period.end->settled - period.settled_before).count());
  } else {
    to.null();
  }
  to.text(period.region);
  to.text(period.type);
  to.text(period.account);
}

void add_row(RowSink& to, const WarmPoolId& id, const WarmPool& pool, StreamSequence sequence) {
  const auto& terms = *pool.terms;
  to.text(id.account);
  to.text(id.name);
  to.text(terms.region.name);
  to.text(terms.instance_type);
  to.text_or_null(terms.profile.value_or(""));
  to.text(tags_json(terms.tags));
  to.integer(terms.target);
  to.integer(terms.replenish_below);
  to.integer(terms.warming_max);
  to.text(to_string(terms.on_release));
  to.text(pool.draining ? "true" : "false");
  to.integer(unix_milliseconds(pool.created_at));
  to.integer(unix_milliseconds(pool.last_change.at));
  to.integer(static_cast<std::int64_t>(pool.last_change.version));
  to.integer(static_cast<std::int64_t>(sequence));
}

void add_row(RowSink& to, const WarmPoolId& id, const WarmPoolCounts& counts) {
  to.text(id.account);
  to.text(id.name);
  to.integer(static_cast<std::int64_t>(counts.last_number));
  to.integer(static_cast<std::int64_t>(counts.hits));
  to.integer(static_cast<std::int64_t>(counts.failed));
}

void add_row(RowSink& to, const ServerId& server, const PeriodEnd& end) {
  to.text(server.to_string());
  to.integer(unix_milliseconds(end.at));
  to.integer(end.settled.count());
}

}  // namespace vsim::read_model
