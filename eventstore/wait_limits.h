#pragma once

// How long this folder waits for the broker, by kind of wait. A broker that is stopped, or behind a
// connection that carries nothing any more, takes what is sent and never answers: who waits gives
// up after these limits, and pings detect that the connection is dead. // D44

#include <chrono>

namespace vsim::eventstore {

/// To one address of the broker, its greeting included.
inline constexpr std::chrono::milliseconds connect_max{2000};
/// Until the broker has read what was sent to it.
inline constexpr std::chrono::milliseconds flush_max{2000};
/// Until the kernel takes what is to be sent: the broker does not read.
inline constexpr std::chrono::milliseconds send_max{2000};
/// The connection is given up, and made anew, when so many pings have had no answer when the next
/// is due.
inline constexpr std::chrono::milliseconds ping_interval{2000};
inline constexpr int pings_unanswered_max = 2;
/// For a request's reply, where whoever connects does not say otherwise.
inline constexpr std::chrono::milliseconds request_max{5000};

}  // namespace vsim::eventstore
