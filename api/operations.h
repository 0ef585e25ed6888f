#pragma once

// What became of commands.

#include "api/read_side.h"
#include "eventstore/broker.h"

namespace vsim::api {

inline constexpr std::uint64_t operations_limit_default = 50;
inline constexpr std::uint64_t operations_limit_max = 200;

/// Any thread.
class Operations {
 public:
  /// Both outlive it.
  Operations(ReadSide& read_side, eventstore::Broker& broker)
      : read_side_(read_side), broker_(broker) {}

  Answer list(const Call& call);  // GET /operations
  Answer get(const Call& call);   // GET /operations/{id}

 private:
  ReadSide& read_side_;
  eventstore::Broker& broker_;
};

}  // namespace vsim::api
