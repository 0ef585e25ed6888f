// Lifecycle profiles as operators write them: what is read draws delays within its own bounds.

#include <string_view>

#include "domain/billing.h"
#include "schema/messages/catalogue_files.h"
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
  return std::get<LognormalDelay>(delay).longest;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto profile = messages::read_profile(text, "fuzzed");
  if (!profile) {
    must_hold(!profile.error().empty(), "a refusal says why");
    return 0;
  }
  must_hold(profile->idle_timeout.count() >= 0, "an idle timeout is no step back");
  const auto& billing = profile->billing;
  must_hold(billed_seconds(billing, Duration(1)) >= billing.minimum, "the minimum is charged");
  for (const auto& delay : profile->delays) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      const auto drawn = draw_delay(delay, seed, ServerId{}, 1);
      must_hold(drawn.count() >= 0 && drawn <= longest_of(delay), "a delay is within its bounds");
    }
  }
  return 0;
}
