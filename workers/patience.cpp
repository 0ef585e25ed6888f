#include "workers/patience.h"

#include <algorithm>

namespace vsim::workers {

void Patience::went_wrong(std::uint64_t number, std::uint64_t highest, Time now) {
  if (number <= lengthened_at_) {
    return;
  }
  pause_ = is_paused() ? std::min(pause_ * 2, pause_max) : pause_first;
  next_ = now + pause_;
  lengthened_at_ = std::max(number, highest);
}

void Patience::came_to_run(std::uint64_t number, Time now) {
  if (is_paused() && !trial_) {
    trial_ = number;
    trial_end_ = now + std::min(pause_, trial_max);
  }
}

void Patience::judge(Standing standing, Time now) {
  const bool is_proven =
      standing == Standing::taken || (standing == Standing::ready && now >= trial_end_);
  if (is_proven) {
    pause_ = {};
  }
  if (is_proven || standing == Standing::gone) {
    trial_.reset();
  }
}

std::size_t Patience::allowed(std::size_t wanted, Time now) const {
  if (!is_paused()) {
    return wanted;
  }
  return now < next_ ? 0 : std::min<std::size_t>(wanted, 1);
}

void Patience::asked(std::size_t count, Time now) {
  if (count > 0 && is_paused()) {
    next_ = now + pause_;
  }
}

}  // namespace vsim::workers
