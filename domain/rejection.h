#pragma once

// Rejections: values of the domain, recorded as events. They say what is not so.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vsim {

enum class RejectionCode : std::uint8_t {
  invalid_transition,
  no_free_address,
  not_found,
  unknown_region,
  unknown_type,
  unknown_profile,
  precondition_failed,
  lease_too_long,
  region_unavailable,
  insufficient_capacity,
  not_ready,
  not_assigned
};

struct Rejection {
  RejectionCode code{};
  std::string detail;  // one sentence for a person, with what to change
  bool operator==(const Rejection&) const = default;
};

std::string_view to_string(RejectionCode code);  // "invalid_transition"
std::optional<RejectionCode> rejection_code_from(std::string_view name);

}  // namespace vsim
