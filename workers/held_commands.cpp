#include "workers/held_commands.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ops/telemetry/log.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using eventstore::Delivery;

constexpr auto held_for = 10s;

}  // namespace

HeldCommands::HeldCommands(telemetry::Metrics& metrics)
    : count_(metrics.gauge("vsim_commands_held",
                           "Commands that this worker keeps in hand until the system is well "
                           "enough to decide them")) {}

void HeldCommands::hold(Delivery delivery, std::string_view reason) {
  if (!reason.empty() && logged_.insert(delivery.message.sequence).second) {
    log::error("a command is not carried out, and waits",
               {{"reason", reason},
                {"subject", delivery.message.subject},
                {"sequence", delivery.message.sequence}});
  }
  held_.push_back({std::move(delivery), std::chrono::steady_clock::now() + held_for});
}

std::vector<Delivery> HeldCommands::take_due() {
  const auto now = std::chrono::steady_clock::now();
  const auto due = std::stable_partition(held_.begin(), held_.end(),
                                         [&](const Held& held) { return held.until > now; });
  std::vector<Delivery> taken;
  for (auto held = due; held != held_.end(); ++held) {
    taken.push_back(std::move(held->delivery));
  }
  held_.erase(due, held_.end());
  return taken;
}

std::vector<Delivery> HeldCommands::take_all() {
  std::vector<Delivery> taken;
  for (auto& held : std::exchange(held_, {})) {
    taken.push_back(std::move(held.delivery));
  }
  logged_.clear();
  return taken;
}

void HeldCommands::show() const { count_.set(static_cast<double>(held_.size())); }

}  // namespace vsim::workers
