#include "workers/reaped_servers.h"

#include "ops/telemetry/log.h"
#include "schema/messages/instant_text.h"

namespace vsim::workers {

bool is_reaped(const Event& event) {
  const auto* terminated = std::get_if<ServerTerminated>(&event.data);
  return terminated != nullptr && terminated->reason == TerminationReason::idle_timeout;
}

telemetry::Counter reaped_in(telemetry::Metrics& metrics, const Region& region) {
  return metrics.counter("vsim_servers_reaped_total",
                         "Servers that this worker terminated when their idle timeout had passed",
                         {{"region", region.name}});
}

void ReapedServers::record(const Event& event) const {
  if (!is_reaped(event)) {
    return;
  }
  reaped_in(*metrics_, event.region).add();
  const auto server = event.server.to_string();
  const auto at = messages::format_instant(event.at);
  log::info("server reaped", {{"server_id", server}, {"region", event.region.name}, {"at", at}});
}

}  // namespace vsim::workers
