#pragma once

// The inside of this folder: a wait for work on whole tables, or for a bill of millions of periods,
// which no clock can limit. It goes on while a second session hears from Postgres that the first
// one is at work, or is refused by it: for lack of slots before all.

#include <chrono>
#include <stop_token>
#include <string>
#include <thread>

#include "schema/read_model/socket_watch.h"

namespace vsim::read_model {

class BoundedWait;
struct WaitLimits;

/// Prolongs the waits on a session, or on a bare connection of libpq, until its end. Stands behind
/// the wait that it prolongs. Costs a thread and a short session every few seconds.
class LongStatement {
 public:
  explicit LongStatement(const BoundedWait& wait);
  /// `backend`: of the watched connection, as Postgres numbers it.
  LongStatement(SocketWatch& watch, int backend, std::string url, const WaitLimits& limits);

 private:
  void keep_asking(const std::stop_token& stop);
  bool is_at_work() const;

  SocketWatch& watch_;
  int backend_;
  std::string url_;
  std::chrono::milliseconds limit_;
  std::jthread thread_;  // ends first
};

}  // namespace vsim::read_model
