// Lifecycle profiles as operators write them: what is read draws delays within its own bounds.

#include <string_view>

#include "domain/billing.h"
#include "schema/messages/profile_files.h"
#include "tests/fuzz/property.h"

namespace {

using namespace vsim;
using fuzz::must_hold;

Duration longest_of(const Delay& delay) {
  if (const auto* fixed = std::get_if<FixedDelay>(&delay)) {
    return fixed->length;
  }
  if (const auto* uniform = std::get_if<UniformDelay>(&delay)) {
    return uniform->longest;
  }
  if (const auto* exponential = std::get_if<ExponentialDelay>(&delay)) {
    return exponential->longest;
  }
  return std::get<LognormalDelay>(delay).longest;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto profile = messages::read_profile(text, "fuzzed");
  if (!profile) {
    must_hold(!profile.error().empty(), "a refusal says why");
    for (const auto& mistake : profile.error()) {
      must_hold(!mistake.what.empty() && mistake.line > 0, "a mistake has a text and a line");
    }
    return 0;
  }
  must_hold(profile->idle_timeout.count() >= 0, "an idle timeout is no step back");
  const auto& billing = profile->billing;
  must_hold(billed_seconds(billing, Duration(1)) >= billing.minimum, "the minimum is charged");
  for (const auto& courses : profile->courses) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      const Draw draw(seed, ServerId{}, 1);
      const auto& course = draw.course(courses);
      must_hold(course.weight > 0, "what has no weight does not happen");
      const auto drawn = draw.delay(course.delay);
      must_hold(drawn.count() >= 0 && drawn <= longest_of(course.delay),
                "a delay is within its bounds");
    }
  }
  return 0;
}
