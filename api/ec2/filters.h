#pragma once

// Filters of the describing operations: read, checked against the names that the operation's
// documents list, and compared with what is shown of a resource. D79

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/ec2/parameters.h"
#include "api/ec2/xml.h"

namespace vsim::ec2 {

inline constexpr std::string_view tag_filter_prefix = "tag:";  // the tag's key follows
inline constexpr std::size_t filter_values_max = 200;          // of all filters of a call

/// A resource fits it if one of its values fits one of these patterns.
struct Filter {
  std::string name;
  std::vector<std::string> patterns;
  bool operator==(const Filter&) const = default;
};

/// Where in a resource the values of a filter stand; of a name without a row at the path that it
/// spells: cidr-block at cidrBlock, attachment.instance-id at attachment/instanceId.
struct FilterPath {
  std::string_view name;
  std::string_view path;
};

/// The filters of one operation. Its parts are literals.
struct FilterTable {
  std::string_view names;  // with a blank between; "tag:" stands for those of tags
  std::span<const FilterPath> paths = {};

  bool knows(std::string_view name) const;
  std::string path_of(std::string_view name) const;
};

/// Those of the call, of which each must be in the table.
Reply<std::vector<Filter>> read_filters(const Parameters& parameters, const FilterTable& table);

/// Whether the values fit one of the patterns. Where there is no value only an empty pattern fits.
bool fits(const Filter& filter, const std::vector<std::string_view>& values);

/// Whether the resource, as it is shown, fits all filters, which are known. A filter that is known
/// and whose path leads nowhere finds no value.
bool fits_all(const std::vector<Filter>& filters, const FilterTable& table,
              const Element& resource);

}  // namespace vsim::ec2
