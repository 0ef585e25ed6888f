#pragma once

// What can be ordered: regions, instance types with their prices, lifecycle profiles. Read once at
// start from schema/regions.json, prices.json and profiles/, then never changed; safe to share.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/lease.h"
#include "domain/lifecycle_profile.h"

namespace vsim {

/// An inclusive stretch of addresses.
struct AddressRange {
  Ipv4 first;
  Ipv4 last;
  std::uint64_t size() const { return std::uint64_t{last.bits} - first.bits + 1; }
  auto operator<=>(const AddressRange&) const = default;
};

struct Catalogue {
  std::map<Region, std::vector<AddressRange>> regions;  // with the pool each one starts with
  std::map<std::string, HourlyRate> instance_types;
  std::map<std::string, LifecycleProfile> profiles;
  std::string default_profile = "standard";
  std::optional<Duration> idle_timeout;  // IDLE_TIMEOUT: stands above the profile's
  Duration lease_max = lease_max_usual;  // LEASE_MAX: no lease ends later than so long from now
};

}  // namespace vsim
