#include "domain/lifecycle_profile.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "domain/chance.h"

namespace vsim {
namespace {

std::uint64_t hash_of(std::uint64_t seed, const ServerId& server, Version version) {
  std::uint64_t hash = mix(seed);
  for (std::size_t half = 0; half < 16; half += 8) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      word = word << 8 | server.uuid.bytes[half + i];
    }
    hash = mix(hash ^ word);
  }
  return mix(hash ^ version);
}

Duration draw(const FixedDelay& delay, std::uint64_t) { return delay.length; }

Duration draw(const UniformDelay& delay, std::uint64_t bits) {
  const auto span = static_cast<double>((delay.longest - delay.shortest).count() + 1);
  return delay.shortest + Duration(static_cast<std::int64_t>(unit(bits) * span));
}

Duration draw(const LognormalDelay& delay, std::uint64_t bits) {
  // Box-Muller; 1 - u keeps the logarithm's argument above 0.
  const double radius = std::sqrt(-2.0 * std::log(1.0 - unit(bits)));
  const double normal = radius * std::cos(2.0 * std::numbers::pi * unit(mix(bits)));
  const double length = static_cast<double>(delay.median.count()) * std::exp(delay.sigma * normal);
  const double longest = static_cast<double>(delay.longest.count());
  return Duration(static_cast<std::int64_t>(std::min(length, longest)));
}

Duration draw(const ExponentialDelay& delay, std::uint64_t bits) {
  const double length = -static_cast<double>(delay.mean.count()) * std::log(1.0 - unit(bits));
  const double longest = static_cast<double>(delay.longest.count());
  return Duration(static_cast<std::int64_t>(std::min(length, longest)));
}

Duration draw_from(const Delay& delay, std::uint64_t bits) {
  const auto length = std::visit([bits](const auto& kind) { return draw(kind, bits); }, delay);
  return std::max(length, Duration(0));
}

// Draws beside the delay: each has bits of its own.
enum class Purpose : std::uint64_t { course = 1, incident = 2, hazard = 16, lasting = 32 };

std::uint64_t bits_for(std::uint64_t bits, Purpose purpose, std::uint64_t which = 0) {
  return mix(bits ^ mix(static_cast<std::uint64_t>(purpose) + which));
}

}  // namespace

bool may_end(Transition transition, Ending ending) {
  const bool boots = transition == Transition::create || transition == Transition::start;
  switch (ending) {
    case Ending::usual:
    case Ending::stuck:
      return true;
    case Ending::failed:
      return boots || transition == Transition::reboot;
    case Ending::terminated:
      return boots;
  }
  return false;
}

std::uint64_t weight_of(const std::vector<Course>& courses) {
  std::uint64_t sum = 0;
  for (const auto& course : courses) {
    sum += course.weight;
  }
  return sum;
}

Draw::Draw(std::uint64_t seed, const ServerId& server, Version version)
    : bits_(hash_of(seed, server, version)) {}

Duration Draw::delay(const Delay& delay) const { return draw_from(delay, bits_); }

Course Draw::course(const Courses& courses) const {
  if (courses.several.empty()) {
    return {courses.usual};
  }
  const auto sum = weight_of(courses.several);
  // The remainder prefers small numbers, by less than the sum in 2^64.
  auto left = bits_for(bits_, Purpose::course) % sum;
  for (const auto& course : courses.several) {
    if (left < course.weight) {
      return course;
    }
    left -= course.weight;
  }
  return courses.several.back();
}

bool Draw::befalls(double share) const {
  return share > 0 && unit(bits_for(bits_, Purpose::incident)) < share;
}

Duration Draw::after(const Risk& risk) const {
  return draw_from(risk.after,
                   bits_for(bits_, Purpose::hazard, static_cast<std::uint64_t>(risk.hazard)));
}

Duration Draw::lasting(const Risk& risk) const {
  return draw_from(risk.lasting,
                   bits_for(bits_, Purpose::lasting, static_cast<std::uint64_t>(risk.hazard)));
}

}  // namespace vsim
