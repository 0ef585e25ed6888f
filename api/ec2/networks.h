#pragma once

// What every region has from the beginning and nobody can change: zones, one network with a subnet
// a zone, one group, one route table. Pure; items of the operations' sets. D79

#include <string>
#include <vector>

#include "api/ec2/filters.h"
#include "api/ec2/place.h"

namespace vsim::ec2 {

/// The addresses of a region, which all its subnets show, since they share one pool.
struct Pool {
  Ipv4 first;
  Ipv4 last;
  std::uint64_t free = 0;
};

std::vector<Element> region_elements(const std::vector<std::string>& regions);
std::vector<Element> zone_elements(const Place& place);
std::vector<Element> vpc_elements(const Place& place, const Pool& pool);
std::vector<Element> subnet_elements(const Place& place, const Pool& pool);
std::vector<Element> group_elements(const Place& place);
std::vector<Element> route_table_elements(const Place& place, const Pool& pool);
/// Items of accountAttributeSet: those named, or all.
Reply<std::vector<Element>> account_attribute_elements(const Place& place,
                                                       const std::vector<std::string>& wanted,
                                                       std::uint64_t instances_max);

/// Those of the resources whose text at the path is among the wanted ones, or all if none are; the
/// first one that no resource has is an error, `code` with `words` around it.
struct MissingWords {
  ErrorCode code;
  std::string_view before;
  std::string_view after;
};
Reply<std::vector<Element>> wanted_only(std::vector<Element> resources, std::string_view path,
                                        const std::vector<std::string>& wanted,
                                        const MissingWords& missing);

extern const FilterTable region_filter_table;
extern const FilterTable zone_filter_table;
extern const FilterTable vpc_filter_table;
extern const FilterTable subnet_filter_table;
extern const FilterTable group_filter_table;
extern const FilterTable route_table_filter_table;

}  // namespace vsim::ec2
