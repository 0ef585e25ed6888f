#pragma once

// What a stretch of EVENTS does to the read models, gathered: pure, no database. Only the last
// state of a server counts, and counts are net, so a long stretch costs less than its events one by
// one.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/address_pool.h"
#include "domain/door_faults.h"
#include "domain/pool.h"
#include "domain/server.h"
#include "domain/sim_clock.h"
#include "domain/warm_pool.h"
#include "schema/messages/event_codec.h"
#include "schema/read_model/operations.h"
#include "schema/read_model/server_events.h"

namespace vsim::read_model {

/// A row of `addresses`, as of the last event about it.
struct AddressChange {
  std::optional<ServerId> holder;  // none: free
  StreamSequence last_claim = 0;   // 0: as before
};

/// A period's end, and what its server's bill has settled with it.
struct PeriodEnd {
  Instant at;
  std::chrono::seconds settled{0};
};

/// A row of `billing_periods` that begins in this stretch.
struct PeriodBegun {
  ServerId server;
  Version version = 0;  // of the event that it begins with
  std::string region;
  std::string type;
  std::string account;
  HourlyRate rate;
  BillingPolicy policy;
  Instant began;
  std::chrono::seconds settled_before{0};
  std::optional<PeriodEnd> end;  // where that lies in this stretch too
};

/// What events of servers add to a row of `warm_pool_counts`.
struct WarmPoolCounts {
  std::uint64_t last_number = 0;  // the highest; 0: none
  std::uint64_t hits = 0;
  std::uint64_t failed = 0;
};

/// The clock after the last event of it, and where that stands in the log.
struct ClockChange {
  SimClock clock;
  StreamSequence sequence = 0;
  StreamSequence log_through = 0;  // of the last `deadlines_applied`; 0: none was among the events
};

/// Add the events in their order. One thread.
class ProjectionBatch {
 public:
  /// Whatever EVENTS holds. An event of a type that this build does not know is not added: then
  /// the text says so.
  std::string add(messages::LoggedEvent logged, StreamSequence sequence);
  void add(const Event& event, State after, StreamSequence sequence);
  void add(const AddressClaimed& claim, StreamSequence sequence);
  void add(const PoolEvent& event, StreamSequence sequence);
  void add(const RegionEvent& event, StreamSequence sequence);
  void add(const messages::ClockLogged& clock, StreamSequence sequence);
  void add(const FaultsEvent& event, StreamSequence sequence);
  void add(const WarmPoolEvent& event, WarmPool after, StreamSequence sequence);
  void add(const BillingWatermark& watermark, StreamSequence sequence);

  /// Takes out the rows of periods that have ended: no later event changes them.
  std::vector<PeriodBegun> take_ended_periods();

  // What the writer puts into the tables.
  // Region, type, status, account.
  using CountKey = std::tuple<std::string, std::string, std::string, std::string>;
  std::vector<std::pair<ServerId, ServerEventRow>> events;
  std::unordered_map<ServerId, State> servers;  // those that exist, after their last event
  /// Net changes. Every status that was passed through is there, if only with 0, so that the rows
  /// of the table do not depend on where batches end.
  std::map<CountKey, std::int64_t> counts;
  std::map<CommandId, OperationRow> operations;  // in one order for all writers: no deadlocks
  std::map<std::pair<Region, Ipv4>, AddressChange> addresses;
  std::vector<std::pair<Region, AddressRange>> pool_ranges;
  std::vector<std::pair<RegionEvent, StreamSequence>> region_events;  // those of incidents
  std::vector<PeriodBegun> periods_begun;
  std::unordered_map<ServerId, PeriodEnd> periods_ended;  // of those that began before this stretch
  std::optional<ClockChange> clock;
  std::map<Region, std::pair<BillingWatermark, StreamSequence>> watermarks;
  std::map<WarmPoolId, std::pair<WarmPool, StreamSequence>> warm_pools;  // after their last change
  std::map<WarmPoolId, WarmPoolCounts> warm_pool_counts;

 private:
  void add_period(const Event& event, const State& after, bool billed_before);
  void count_warm(const Event& event, const Server& after);

  std::unordered_map<ServerId, std::size_t> running_;  // where in periods_begun
};

/// The outcome that an event is to its cause; the event has one.
OperationRow operation_row(const Event& event, const State& after, StreamSequence sequence);
OperationRow operation_row(const PoolEvent& event, StreamSequence sequence);
OperationRow operation_row(const RegionEvent& event, StreamSequence sequence);
OperationRow operation_row(const ClockEvent& event, StreamSequence sequence);
OperationRow operation_row(const FaultsEvent& event, StreamSequence sequence);
OperationRow operation_row(const WarmPoolEvent& event, StreamSequence sequence);

/// The row of a command that has only been accepted.
OperationRow pending_operation_row(const Command& command);
OperationRow pending_operation_row(const ExtendPool& command);
OperationRow pending_operation_row(const RegionCommand& command);
OperationRow pending_operation_row(const ClockCommand& command);
OperationRow pending_operation_row(const FaultsCommand& command);
OperationRow pending_operation_row(const WarmPoolCommand& command);

}  // namespace vsim::read_model
