#pragma once

// What streams hold and what can go wrong with them, in terms that know neither servers nor NATS.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/result.h"

namespace vsim::eventstore {

/// A position in a stream, from 1; 0 stands before the first message.
using Sequence = std::uint64_t;

/// The broker's clock.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

struct Header {
  std::string name;  // case-sensitive
  std::string value;
};
using Headers = std::vector<Header>;

/// The first value under `name`, or an empty view. Valid as long as `headers`.
std::string_view find_header(const Headers& headers, std::string_view name);

/// RFC 3339 in UTC with up to nine digits of fraction, as the broker writes it, of the years 1970
/// to 2261; the epoch for any other text.
Timestamp parse_timestamp(std::string_view text);

/// A stored message.
struct Message {
  std::string subject;
  Sequence sequence = 0;
  Timestamp stored_at{};
  Headers headers;
  std::string payload;
};

}  // namespace vsim::eventstore
