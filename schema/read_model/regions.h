#pragma once

// Tables `regions`, `instance_types`, and the pools' sizes from the table behind `ip_pool`.

#include <cstdint>
#include <string>
#include <vector>

#include "domain/money.h"
#include "schema/read_model/database.h"

namespace vsim::read_model {

struct RegionRow {
  std::string name;
  std::uint64_t addresses_total = 0;
  std::uint64_t addresses_free = 0;
};

struct InstanceTypeRow {
  std::string name;
  HourlyRate hourly_rate;
};

std::vector<RegionRow> list_regions(Transaction& tx);
std::vector<InstanceTypeRow> list_instance_types(Transaction& tx);

}  // namespace vsim::read_model
