#pragma once

// NextToken: where the next page begins, and what it is a page of. A call that sends nothing but
// the token goes on as it began, so the page's size and the filters are in it. D79

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/ec2/filters.h"

namespace vsim::ec2 {

inline constexpr std::uint64_t page_size_max = 1'000;
inline constexpr std::uint64_t page_size_least = 5;

/// How many items a describing operation may show at once.
struct PageBounds {
  std::uint64_t least = page_size_least;
  std::uint64_t most = page_size_max;
};

/// What a page is asked for by.
struct PageRequest {
  std::vector<Filter> filters;
  std::uint64_t size = page_size_max;
  std::string after;  // opaque: where the page before ended; empty: at the beginning
  /// Whether a size or a token was given, which ids exclude.
  bool is_paged = false;
};

/// Reads MaxResults, NextToken and the filters. `subject` is what a token holds for: the operation,
/// its region and account. A size over the most counts as the most, one under the least is refused,
/// and so is a token that was not made here, for another subject, or for other filters than those
/// that the call gives.
Reply<PageRequest> read_page_request(const Parameters& parameters, const FilterTable& table,
                                     std::string_view subject, PageBounds bounds = {});

/// The token of the page that follows. ASCII, which needs no escaping.
std::string next_token(const PageRequest& page, std::string_view subject, std::string_view after);

}  // namespace vsim::ec2
