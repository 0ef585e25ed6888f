#pragma once

// A process's connection to the broker. The order in which processes start does not matter: one
// that finds no broker waits for it.

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "eventstore/broker.h"
#include "ops/process/settings.h"

namespace vsim::process {

/// The broker's URL and TLS files of the settings. `name` stands in the broker's list of
/// connections.
eventstore::BrokerOptions broker_options(const CommonSettings& settings, std::string name);

/// Tries to connect every `interval` until the broker answers, or a stop is requested: null then.
/// An error means that the broker refuses this process, and will not change its mind. `on_wait` is
/// called with the reason of a failed attempt: when it differs from the one before, and each
/// minute.
eventstore::Result<std::unique_ptr<eventstore::Broker>> connect_when_there(
    const eventstore::BrokerOptions& options, std::chrono::milliseconds interval,
    const std::stop_token& stop, const std::function<void(const std::string& why)>& on_wait);

}  // namespace vsim::process
