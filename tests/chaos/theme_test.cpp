// Goal: a theme file is read whole or refused, and its seed gives the same faults each time.
// Method: the shipped files, and files with one mistake each.

#include "tests/chaos/theme.h"

#include <doctest/doctest.h>

#include "tests/chaos/chaos_run.h"
#include "tests/harness/child_process.h"
#include "tests/harness/json.h"
#include "tests/harness/scratch_dir.h"

using chaos::Fault;
using chaos::Theme;

namespace {

std::string episodes_of(const Theme& theme, std::uint64_t seed) {
  std::mt19937_64 dice(seed);
  std::string text;
  for (int i = 0; i < 50; ++i) {
    for (const Fault& fault : draw_episode(theme, dice)) {
      text += describe(fault) + "\n";
    }
    text += "--\n";
  }
  return text;
}

Theme theme_of(const std::string& text) {
  const harness::ScratchDir folder("vsim-theme");
  harness::write_file(folder.path() + "/theme.json", text);
  return chaos::read_theme(folder.path() + "/theme.json");
}

}  // namespace

TEST_CASE("the same seed gives the same faults, another one gives others") {
  for (const char* name : {"parts", "network", "certificates", "patience"}) {
    CAPTURE(name);
    const Theme theme = chaos::read_theme(chaos::theme_file(name));
    CHECK(theme.name == name);
    CHECK(episodes_of(theme, 7) == episodes_of(theme, 7));
    CHECK(episodes_of(theme, 7) != episodes_of(theme, 8));
  }
}

TEST_CASE("no two faults of an episode strike the same part at the same time") {
  const Theme theme = chaos::read_theme(chaos::theme_file("parts"));
  std::mt19937_64 dice(1);
  std::size_t together = 0;
  for (int i = 0; i < 500; ++i) {
    const auto faults = draw_episode(theme, dice);
    REQUIRE_FALSE(faults.empty());
    for (std::size_t one = 0; one < faults.size(); ++one) {
      for (std::size_t other = one + 1; other < faults.size(); ++other) {
        const bool overlap = faults[other].begins < faults[one].begins + faults[one].lasts;
        together += overlap ? 1 : 0;
        CHECK_FALSE((overlap && faults[one].whom == faults[other].whom));
      }
    }
  }
  CHECK(together > 100);  // but those of several parts do
}

TEST_CASE("a theme with a mistake is refused") {
  const auto with = [](const std::string& fault) {
    return R"({"name":"x","faults":[)" + fault + "]}";
  };
  CHECK(theme_of(with(R"({"kind":"kill","whom":["api"]})")).kinds.size() == 1);
  CHECK(theme_of(with(R"({"kind":"link","whom":["client-api"],"how":["cut"]})")).kinds.size() == 1);
  CHECK(theme_of(with(R"({"kind":"clock","whom":["api"],"amount":[-9,9]})")).kinds.size() == 1);
  for (const char* fault : {
           R"({"kind":"bribe","whom":["api"]})", R"({"kind":"kill","whom":["worker-9"]})",
           R"({"kind":"kill"})", R"({"kind":"kill","whom":["api"],"how":["cut"]})",
           R"({"kind":"link","whom":["client-api"]})",
           R"({"kind":"link","whom":["client-api"],"how":["bend"]})",
           R"({"kind":"kill","whom":["api"],"seconds":[2,1]})",
           R"({"kind":"kill","whom":["api"],"minutes":[1,2]})",
           R"({"kind":"clock","whom":["broker"],"amount":[-9,9]})",
           R"({"kind":"clock","whom":["postgres"],"amount":[-9,9]})",
           R"({"kind":"expire","whom":["api"]})",  // without tls
       }) {
    CAPTURE(fault);
    CHECK_THROWS(theme_of(with(fault)));
  }
  CHECK_THROWS(theme_of(with("")));
  CHECK_THROWS(theme_of(R"({"name":"x","surprise":1,"faults":[{"kind":"kill","whom":["api"]}]})"));
  const auto over_tls = [](const std::string& fault) {
    return R"({"name":"x","tls":true,"faults":[)" + fault + "]}";
  };
  CHECK(theme_of(over_tls(R"({"kind":"expire","whom":["api"]})")).tls);
  CHECK_THROWS(theme_of(over_tls(R"({"kind":"expire","whom":["worker-0"]})")));
}
