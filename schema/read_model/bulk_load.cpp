#include "schema/read_model/bulk_load.h"

#include <algorithm>

#include "schema/read_model/table_rows.h"

namespace vsim::read_model {
namespace {

constexpr std::size_t periods_looked_through = 20'000;

/// A command that was purged or buried and then replayed has two outcomes, and a server that did
/// not fit into memory has been written more than once: the last one counts.
const std::vector<LoadedTable> loaded_tables = {{"server_events", std::nullopt},
                                                {"operations", Repeats{"id", "event_sequence"}},
                                                {"servers", Repeats{"id", "version"}},
                                                {"billing_periods", std::nullopt},
                                                {"addresses", std::nullopt}};

void write_servers(CopyStream& to, ProjectionBatch& batch) {
  for (const auto& [id, state] : batch.servers) {
    add_row(to, server_row(id, state));
  }
  batch.servers.clear();
}

/// Those of the pools that no event is about, each once although ranges may overlap.
void write_untouched_addresses(CopyStream& to, ProjectionBatch& batch) {
  auto& ranges = batch.pool_ranges;
  std::sort(ranges.begin(), ranges.end());
  auto touched = batch.addresses.begin();
  std::pair<Region, Ipv4> address;
  std::uint64_t next = 0;  // none below it is to be written for the region
  for (const auto& [region, range] : ranges) {
    if (address.first != region) {
      address.first = region;
      next = 0;
    }
    for (next = std::max<std::uint64_t>(next, range.first.bits); next <= range.last.bits; ++next) {
      address.second.bits = static_cast<std::uint32_t>(next);
      while (touched != batch.addresses.end() && touched->first < address) {
        ++touched;
      }
      if (touched == batch.addresses.end() || touched->first != address) {
        add_row(to, address, AddressChange{});
      }
    }
  }
  ranges.clear();
}

void write_addresses(CopyStream& to, ProjectionBatch& batch) {
  write_untouched_addresses(to, batch);
  for (const auto& [address, last] : batch.addresses) {
    add_row(to, address, last);
  }
  batch.addresses.clear();
}

void write_ended_periods(CopyStream& to, ProjectionBatch& batch) {
  for (const PeriodBegun& period : batch.take_ended_periods()) {
    add_row(to, period);
  }
}

}  // namespace

BulkLoad::BulkLoad(const std::string& url, const std::string& schema, std::size_t servers_in_memory)
    : servers_in_memory_(servers_in_memory), indexes_(url, schema, loaded_tables) {}

DbResult<std::unique_ptr<BulkLoad>> BulkLoad::begin(const std::string& url,
                                                    const std::string& schema,
                                                    std::size_t servers_in_memory) {
  std::unique_ptr<BulkLoad> load(new BulkLoad(url, schema, servers_in_memory));
  if (auto off = load->indexes_.take_off(); !off) {
    return tl::unexpected(off.error());
  }
  struct Stream {
    const char* table;
    std::span<const Column> columns;
    std::unique_ptr<CopyStream>& to;
  };
  const Stream streams[] = {{"server_events", event_columns, load->events_},
                            {"operations", operation_columns, load->operations_},
                            {"servers", server_columns_written, load->servers_},
                            {"billing_periods", period_columns, load->periods_},
                            {"addresses", address_columns, load->addresses_}};
  for (const auto& [table, columns, to] : streams) {
    auto begun = CopyStream::begin(url, schema, table, columns);
    if (!begun) {
      return tl::unexpected(begun.error());
    }
    to = std::move(*begun);
  }
  return load;
}

std::array<CopyStream*, 5> BulkLoad::streams() const {
  return {events_.get(), operations_.get(), servers_.get(), periods_.get(), addresses_.get()};
}

DbResult<void> BulkLoad::take(ProjectionBatch& batch) {
  for (const auto& [server, row] : batch.events) {
    add_row(*events_, server, row);
  }
  batch.events.clear();
  for (const auto& [id, row] : batch.operations) {
    add_row(*operations_, row);
  }
  batch.operations.clear();
  if (batch.periods_begun.size() > 2 * running_periods_ + periods_looked_through) {
    write_ended_periods(*periods_, batch);
    running_periods_ = batch.periods_begun.size();
  }
  if (batch.servers.size() > servers_in_memory_) {
    write_servers(*servers_, batch);
  }
  for (CopyStream* stream : streams()) {
    if (!stream->good()) {
      return stream->finish();  // which says what went wrong
    }
  }
  return {};
}

DbResult<void> BulkLoad::finish(ProjectionBatch& batch) {
  if (auto taken = take(batch); !taken) {
    return taken;
  }
  for (const PeriodBegun& period : batch.periods_begun) {
    add_row(*periods_, period);
  }
  batch.periods_begun.clear();
  write_servers(*servers_, batch);
  write_addresses(*addresses_, batch);
  for (CopyStream* stream : streams()) {
    if (auto finished = stream->finish(); !finished) {
      return finished;
    }
  }
  return indexes_.put_back();
}

}  // namespace vsim::read_model
