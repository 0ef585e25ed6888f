#pragma once

// For roles of which one worker at a time is active: whether this one has to act.

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>

#include "domain/ids.h"
#include "domain/instant.h"

namespace vsim::workers {

/// Asked by the role's own thread; active() by any.
class Standby {
 public:
  /// Whether this worker is the active one, as far as is known; cheap.
  using IsActive = std::function<bool()>;

  explicit Standby(IsActive is_active) : is_active_(std::move(is_active)) {}

  /// The oldest of what waits to be done. Many servers may be due at one moment, as when a region
  /// fails: as long as they come in turn there is somebody at work.
  struct Oldest {
    Oldest(Instant moment, ServerId server = {}) : since(moment), of(server) {}
    Instant since;
    ServerId of;
    bool operator==(const Oldest&) const = default;
  };

  /// The active one always acts. One that stands by does when the oldest of what waits to be done
  /// stays the same for 2 s, or as long as the role gives (the active one may be paused, and keeps
  /// its lock then), and goes on until nothing waits. Two at once only cost conflicts.
  bool must_act(std::optional<Oldest> oldest,
                std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now(),
                std::chrono::seconds stalled_min = stalled_usually) {
    active_ = is_active_();
    if (!oldest) {
      helps_ = false;
    }
    if (oldest != oldest_) {
      since_ = now;
    }
    oldest_ = oldest;
    helps_ = helps_ || (oldest && now - since_ > stalled_min);
    return active_ || helps_;
  }

  /// Who stands by has found that the active one works.
  void sees_work() {
    helps_ = false;
    since_ = std::chrono::steady_clock::now();
  }

  bool active() const { return active_; }
  bool helps() const { return helps_ && !active_; }

  static constexpr std::chrono::seconds stalled_usually{2};

 private:
  IsActive is_active_;
  std::atomic<bool> active_ = false;
  bool helps_ = false;
  std::optional<Oldest> oldest_;
  std::chrono::steady_clock::time_point since_{};
};

}  // namespace vsim::workers
