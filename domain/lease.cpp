#include "domain/lease.h"

#include <string>

namespace vsim {
namespace {

// Whole ones, as they are asked for.
std::int64_t seconds_in(Duration length) {
  return std::chrono::floor<std::chrono::seconds>(length).count();
}

Rejection too_long(std::optional<Duration> left, Duration longest) {
  std::string detail =
      "a lease may end " + std::to_string(seconds_in(longest)) + " s from now at most (LEASE_MAX)";
  if (!left) {
    return {RejectionCode::lease_too_long, detail + ": ask for that or less"};
  }
  detail += ", and this one ends in " + std::to_string(seconds_in(*left)) + " s: ";
  const auto allowed = seconds_in(longest - *left);
  detail += allowed < 1 ? "wait before it is extended"
                        : "extend it by " + std::to_string(allowed) + " s or less";
  return {RejectionCode::lease_too_long, std::move(detail)};
}

}  // namespace

std::variant<Instant, Rejection> lease_ending(std::optional<Instant> present, Duration length,
                                              Instant now, Duration longest) {
  const auto left = present ? std::optional(*present - now) : std::nullopt;
  if (length > longest - left.value_or(Duration(0))) {
    return too_long(left, longest);
  }
  return present.value_or(now) + length;
}

}  // namespace vsim
