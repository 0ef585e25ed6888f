#pragma once

// One server, made by decide and evolve, for tests of the rules.

#include <string>
#include <utility>
#include <vector>

#include "domain/server.h"

namespace vsim::fixture {

inline const ServerId the_server{*Uuid::parse("11111111-2222-4333-8444-555555555555")};
inline const Region the_region{"us-east-1"};
inline const Ipv4 the_ip = *Ipv4::parse("192.168.10.7");

/// That many seconds after the fixture's first instant.
inline Instant at(std::int64_t seconds) {
  return Instant(std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)) +
         std::chrono::seconds(seconds);
}

/// Profiles `standard` (every delay 3 s), `instant` and `seed`; two regions; t2.micro at 0.01.
const Catalogue& catalogue();

inline Context context(std::optional<Ipv4> free_ip = the_ip) { return {catalogue(), 7, free_ip}; }

Create a_create();

/// A command with a new id and a sequence in the queue above all earlier ones.
Command command(Action action);

State after(State state, const std::vector<Event>& events);

/// The fixture's server in that state, before second 100; "(none)" gives no server.
State server_in(const std::string& state);

}  // namespace vsim::fixture
