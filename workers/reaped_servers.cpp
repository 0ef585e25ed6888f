#include "workers/reaped_servers.h"

#include "ops/telemetry/log.h"
#include "schema/messages/instant_text.h"

namespace vsim::workers {

namespace {

bool is_terminated(const Event& event, TerminationReason reason) {
  const auto* terminated = std::get_if<ServerTerminated>(&event.data);
  return terminated != nullptr && terminated->reason == reason;
}

telemetry::Counter idle_in(telemetry::Metrics& metrics, const Region& region) {
  return metrics.counter("vsim_servers_reaped_total",
                         "Servers that this worker terminated when their idle timeout had passed",
                         {{"region", region.name}});
}

telemetry::Counter expired_in(telemetry::Metrics& metrics, const Region& region) {
  return metrics.counter("vsim_leases_expired_total",
                         "Servers that this worker terminated at the end of their lease",
                         {{"region", region.name}});
}

}  // namespace

bool is_reaped(const Event& event) {
  return is_terminated(event, TerminationReason::idle_timeout) ||
         is_terminated(event, TerminationReason::lease_expired);
}

void count_reaped_in(telemetry::Metrics& metrics, const Region& region) {
  idle_in(metrics, region);
  expired_in(metrics, region);
}

void ReapedServers::record(const Event& event) const {
  if (!is_reaped(event)) {
    return;
  }
  const bool is_expired = is_terminated(event, TerminationReason::lease_expired);
  (is_expired ? expired_in(*metrics_, event.region) : idle_in(*metrics_, event.region)).add();
  const auto server = event.server.to_string();
  const auto at = messages::format_instant(event.at);
  log::info(is_expired ? "lease expired" : "server reaped",
            {{"server_id", server}, {"region", event.region.name}, {"at", at}});
}

}  // namespace vsim::workers
