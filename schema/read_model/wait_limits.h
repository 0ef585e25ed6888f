#pragma once

// How long this folder waits for Postgres, by kind of wait: all of it, in one place. A Postgres
// that is well ends a statement by itself, after `lock` or `statement`, and says which it was. One
// that is stopped, or behind a connection that carries nothing any more, never says anything, and
// neither the kernel nor libpq notices: then the wait ends after `answer`, with the connection. D44

#include <chrono>

namespace vsim::read_model {

struct WaitLimits {
  std::chrono::milliseconds lock;       // Postgres waits for another session's lock
  std::chrono::milliseconds statement;  // Postgres works, waiting for locks included; 0: no limit
  std::chrono::milliseconds answer;     // we wait; above `statement`, so that Postgres is first
  std::chrono::milliseconds idle = std::chrono::minutes(1);  // in a transaction, of ours
};

/// A client waits for each of these.
inline constexpr WaitLimits read_limits{.lock = std::chrono::seconds(2),
                                        .statement = std::chrono::seconds(4),
                                        .answer = std::chrono::milliseconds(4500)};
/// What an operator asks for, in a few statements.
inline constexpr WaitLimits operator_limits{.lock = std::chrono::seconds(5),
                                            .statement = std::chrono::seconds(10),
                                            .answer = std::chrono::seconds(12)};
/// What projectors and the outbox write: usually milliseconds, and nobody else is held up.
inline constexpr WaitLimits write_limits{.lock = std::chrono::seconds(5),
                                         .statement = std::chrono::seconds(20),
                                         .answer = std::chrono::seconds(22)};
/// Whether the projector's session lives, and where its checkpoint is: a lock may be in the way.
inline constexpr std::chrono::milliseconds look_max{7000};
/// Where the read models know servers' events; a worker decides without it when it does not come.
inline constexpr WaitLimits place_limits{.lock = std::chrono::milliseconds(100),
                                         .statement = std::chrono::milliseconds(250),
                                         .answer = std::chrono::milliseconds(300)};
/// Advisory locks, asked for and never waited for.
inline constexpr WaitLimits lock_limits{.lock = std::chrono::seconds(1),
                                        .statement = std::chrono::seconds(2),
                                        .answer = std::chrono::milliseconds(2500)};
/// A starting worker's view of the fleet: seconds for a million addresses.
inline constexpr WaitLimits snapshot_limits{.lock = std::chrono::seconds(5),
                                            .statement = std::chrono::seconds(60),
                                            .answer = std::chrono::seconds(62)};
/// Work on whole tables, which may take hours. The wait goes on for as long as Postgres says that
/// it works, or that it takes no more sessions (LongStatement), or takes what is sent (CopyStream).
inline constexpr WaitLimits long_limits{.lock = std::chrono::seconds(30),
                                        .statement = std::chrono::seconds(0),
                                        .answer = std::chrono::seconds(20)};

/// To one address of the server, its answer to the password included. libpq counts whole seconds,
/// and takes 1 for 2. A longer one in the URL is not taken; see connect_in_url_max.
inline constexpr std::chrono::seconds connect_max{3};
inline constexpr std::chrono::seconds connect_in_url_max{10};

/// For one of a pool's connections to become free.
inline constexpr std::chrono::seconds free_connection_max{2};
/// So long no request goes to a Postgres that has just not answered; then one does, and those that
/// come meanwhile fail at once.
inline constexpr std::chrono::seconds silence_kept{1};

}  // namespace vsim::read_model
