#pragma once

// Instance types: what there is to be had, and how large each is. D79

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "api/ec2/filters.h"
#include "api/ec2/place.h"

namespace vsim::ec2 {

struct MachineSize {
  std::uint32_t vcpus = 1;
  std::uint32_t memory_mib = 1024;
  bool operator==(const MachineSize&) const = default;
};
using InstanceTypes = std::map<std::string, MachineSize>;  // by name

/// Of EC2's types by EC2's list, of others by their last word, such as large; else the least.
MachineSize usual_size(std::string_view type);

MachineSize size_of(const InstanceTypes& types, const std::string& type);

/// Whether EC2 counts credits for its family.
bool is_burstable(std::string_view type);

/// Items of instanceTypeSet: those named, or all. An error for a name that is unknown.
Reply<std::vector<Element>> instance_type_elements(const InstanceTypes& types,
                                                   const std::vector<std::string>& wanted);

/// Items of instanceTypeOfferingSet, by "region", "availability-zone" or "availability-zone-id".
Reply<std::vector<Element>> offering_elements(const InstanceTypes& types, const Place& place,
                                              const std::string& location_type);

extern const FilterTable instance_type_filter_table;
extern const FilterTable offering_filter_table;

}  // namespace vsim::ec2
