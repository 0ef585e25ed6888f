#pragma once

// What must be so of warm pools, by rules of its own: each number is one server's at most, a server
// is one owner's at a time, and no pool is asked for more than it is to hold. D95

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "schema/messages/logged_event.h"

namespace vsim::simulation {

class PoolWatch {
 public:
  /// Both give a fault, as a sentence.
  std::optional<std::string> read(const WarmPoolEvent& event);
  std::optional<std::string> read(const messages::ServerLogged& logged);

  /// Where nothing is in the way: pools that hold less than is to be ordered at once, or
  /// were never filled since they were set, as a sentence; empty: none. `free` says how many
  /// addresses of a region are free.
  std::string unfilled(const std::function<std::size_t(const Region&)>& free) const;

  /// At rest, when all pools were drained: nobody's servers are left in none. Empty: so it is.
  std::string left_over() const;

 private:
  struct Place {
    WarmPoolId pool;
    std::uint64_t number = 0;
  };
  enum class Fate { unborn, nobodys, somebodys, failed, ending, over };
  struct Pool {
    Version version = 0;
    std::uint32_t target_max = 0;  // that was ever ordered
    bool was_set = false;
    std::optional<WarmPoolTerms> terms;  // none while it drains
    bool filling = false;                // since it was set it has not held its target
    std::uint64_t gone = 0;  // times that a number came to count no more; returns take none back
    std::map<std::uint64_t, Fate> fates;
  };

  void name_numbers(const WarmPoolId& id, std::uint64_t up_to);
  std::optional<std::string> move(const Place& place, Fate to);
  static std::uint64_t held(const Pool& pool);
  static Fate fate_of(const Server& server);

  std::map<WarmPoolId, Pool> pools_;
  std::map<ServerId, Place> places_;  // of numbers that may be asked for
  std::map<WarmPoolId, std::uint64_t> named_;
};

}  // namespace vsim::simulation
