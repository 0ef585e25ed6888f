#include "ops/telemetry/durability.h"

namespace vsim::telemetry {

std::string_view to_string(Durability durability) {
  switch (durability) {
    case Durability::power:
      return "power";
    case Durability::process:
      return "process";
  }
  return {};
}

std::string to_string(const LogSync& sync) {
  if (sync.before_ack()) {
    return "always";
  }
  const auto whole = std::chrono::floor<std::chrono::seconds>(sync.interval);
  if (whole == sync.interval) {
    return std::to_string(whole.count()) + "s";
  }
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(sync.interval).count()) + "ms";
}

std::optional<Durability> durability_of(const SyncFacts& seen) {
  const bool log_lags = seen.log && !seen.log->before_ack();
  if (log_lags || seen.read_models == false) {
    return Durability::process;
  }
  if (seen.log && seen.read_models) {
    return Durability::power;
  }
  return std::nullopt;
}

std::string durability_fact(std::optional<Durability> chosen, const SyncFacts& seen) {
  if (const auto is_on = durability_of(seen)) {
    return std::string(to_string(*is_on));
  }
  return chosen ? std::string(to_string(*chosen)) + " (as told)" : "unknown";
}

}  // namespace vsim::telemetry
