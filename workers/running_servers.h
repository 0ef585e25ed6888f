#pragma once

// The servers that run, by their regions: those that an outage of theirs touches. D92

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "domain/ids.h"

namespace vsim::workers {

/// Not thread-safe. Takes 22 to 43 bytes for each.
class RunningServers {
 public:
  void set(const Region& region, const ServerId& server, bool runs) {
    if (runs) {
      regions_[region].insert(server);
    } else if (const auto found = regions_.find(region); found != regions_.end()) {
      found->second.erase(server);
    }
  }

  /// Calls `look` with each that runs in the region.
  template <typename Look>
  void each(const Region& region, Look&& look) const {
    if (const auto found = regions_.find(region); found != regions_.end()) {
      found->second.each(look);
    }
  }

 private:
  /// A table of ids, open and with linear probing; the id of zeros, which nobody has, is a gap.
  class Ids {
   public:
    void insert(const ServerId& server);
    void erase(const ServerId& server);
    template <typename Look>
    void each(Look&& look) const {
      for (const auto& id : places_) {
        if (id != ServerId{}) {
          look(id);
        }
      }
    }

   private:
    std::size_t home_of(const ServerId& server) const;
    std::size_t find(const ServerId& server) const;
    void grow();

    std::vector<ServerId> places_;
    std::size_t count_ = 0;
  };

  std::map<Region, Ids> regions_;
};

}  // namespace vsim::workers
