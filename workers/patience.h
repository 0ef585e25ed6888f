#pragma once

// How often a warm pool tries that cannot be filled. Pure. D95

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace vsim::workers {

/// As long as all goes well, as much as is wanted. When creates are refused or servers are lost,
/// one server at a time: at first after a second, then after twice as long each time, up to a
/// minute; until one has shown that it stays. Real time: what refuses them is asked by a queue of
/// real commands. Numbers rise with time, so they tell what was asked for before and after.
class Patience {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds pause_first{1'000};
  static constexpr std::chrono::milliseconds pause_max{60'000};
  static constexpr std::chrono::milliseconds trial_max{5'000};

  enum class Standing : std::uint8_t { ready, taken, gone };

  /// That number's create was refused, or its server was lost. `highest` is the last number that
  /// has been asked for: those up to it were on their way together, and lengthen the pause once.
  void went_wrong(std::uint64_t number, std::uint64_t highest, Time now);

  /// That number's server has come to run. In a pause it is on trial: when it stays ready for as
  /// long as the pause, or 5 s, or is acquired, all goes well again.
  void came_to_run(std::uint64_t number, Time now);
  std::optional<std::uint64_t> on_trial() const { return trial_; }
  void judge(Standing standing, Time now);

  bool is_paused() const { return pause_.count() > 0; }
  /// How many new servers may be asked for, of so many that are wanted.
  std::size_t allowed(std::size_t wanted, Time now) const;
  /// They have been asked for.
  void asked(std::size_t count, Time now);

 private:
  std::chrono::milliseconds pause_{0};  // 0: all goes well
  Time next_{};
  std::uint64_t lengthened_at_ = 0;  // the highest number then
  std::optional<std::uint64_t> trial_;
  Time trial_end_{};
};

}  // namespace vsim::workers
