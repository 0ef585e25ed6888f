// Goal: all that the catalogue's files offer can be ordered; a file that is wrong is named at the
// start (issue 12, numbers 4, 9 and 14). Method: a folder of small good files, one of them changed.

#include "schema/messages/catalogue_files.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "ops/process/catalogue.h"
#include "tests/harness/scratch_dir.h"

using namespace vsim;

namespace {

const std::string a_profile =
    R"({"delays":{"create":{"fixed_ms":0},"start":{"fixed_ms":0},"stop":{"uniform_ms":[0,1]},)"
    R"("reboot":{"fixed_ms":0},"terminate":{"median_ms":1,"sigma":1,"longest_ms":2}},)"
    R"("create_ends_in":"RUNNING","idle_timeout_seconds":1800,)"
    R"("billing":{"billable":["RUNNING"],"granularity_seconds":1,"minimum_seconds":0}})";

class Files {
 public:
  Files() {
    std::filesystem::create_directories(folder_.path() + "/profiles");
    write("regions.json", R"({"us-east-1":[{"first":"10.0.0.1","last":"10.0.0.9"}]})");
    write("prices.json", R"({"t2.micro":100})");
    write("profiles/standard.json", a_profile);
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() + "/" + name) << text;
  }

  /// What is wrong, without the folder's name; empty when all is well.
  std::string mistake() {
    const auto catalogue = messages::load_catalogue(folder_.path());
    if (catalogue) {
      return {};
    }
    CHECK(catalogue.error().size() == 1);
    return catalogue.error().front().substr(folder_.path().size() + 1);
  }

 private:
  harness::ScratchDir folder_{"catalogue"};
};

std::string mistake_in(const std::string& name, const std::string& text) {
  Files files;
  files.write(name, text);
  return files.mistake();
}

std::string mistake_in_profile(const std::string& what, const std::string& with) {
  std::string text = a_profile;
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return mistake_in("profiles/standard.json", text.replace(at, what.size(), with));
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a type that no create can name is a mistake of the price list: issue 12, 14") {
  const auto listed = [](const std::string& type) {
    return mistake_in("prices.json", "{\"" + type + "\":100}");
  };
  CHECK(listed(std::string(64, 't')).empty());
  CHECK(holds(listed(std::string(65, 't')),
              "cannot be ordered: the name of a type must have 1 to 64 characters, it has 65"));
  CHECK(holds(listed(""), "must have 1 to 64 characters, it has 0"));
  CHECK(holds(listed("t2\\u0007"), "must not hold control characters"));
  CHECK(holds(listed("t2\\u0085"), "must not hold control characters"));
}

TEST_CASE("a profile that no create can name is reported with its file: issue 12, 14") {
  const auto named = [](const std::string& name) {
    return mistake_in("profiles/" + name + ".json", a_profile);
  };
  CHECK(named(std::string(64, 'p')).empty());
  CHECK(holds(named(std::string(65, 'p')), "the name of a profile must have 1 to 64 characters"));
  CHECK(holds(named("a\nb"), "must not hold control characters"));
  CHECK(holds(named("a\xff"), "must be UTF-8"));
}

TEST_CASE("a type or region that stands twice in its file is a mistake: issue 12, 9") {
  CHECK(mistake_in("prices.json", R"({"a":1,"b":2,"a":3})") == "prices.json: \"a\" is given twice");
  CHECK(holds(mistake_in("regions.json", R"({"a":[],"a":[]})"), "\"a\" is given twice"));
  CHECK(holds(mistake_in("regions.json", R"({"a":[{"first":"10.0.0.1","first":"10.0.0.2"}]})"),
              "\"first\" is given twice"));
}

TEST_CASE("members of profiles and ranges that are not known are reported: issue 12, 9") {
  CHECK(mistake_in_profile(R"("start")", R"("start")").empty());
  CHECK(holds(mistake_in_profile(R"("create_ends_in")", R"("comment":1,"create_ends_in")"),
              "\"comment\" is not known here"));
  CHECK(holds(mistake_in_profile(R"("start":{"fixed_ms":0})",
                                 R"("start":{"fixed_ms":0},"strat":{"fixed_ms":9})"),
              R"("strat" is not known here; the nearest name is "start")"));
  CHECK(holds(
      mistake_in_profile(R"("start":{"fixed_ms":0})", R"("start":{"fixed_ms":0,"longest_ms":5})"),
      R"("longest_ms" is not known here; there is only "fixed_ms")"));
  CHECK(holds(
      mistake_in_profile(R"("minimum_seconds":0)", R"("minimum_seconds":0,"minimum_second":60)"),
      R"(the nearest name is "minimum_seconds")"));
  CHECK(holds(mistake_in("regions.json",
                         R"({"a":[{"first":"10.0.0.1","last":"10.0.0.2","lst":"10.0.0.3"}]})"),
              R"("lst" is not known here; the nearest name is "last")"));
}

TEST_CASE("a region begins with addresses that servers can have: issue 12, 4") {
  CHECK(holds(mistake_in("regions.json", R"({"a":[{"first":"127.0.0.1","last":"127.0.0.9"}]})"),
              "127.0.0.0/8 (loopback"));
}

TEST_CASE("a process starts with a PROFILE that the catalogue has, and with no other") {
  process::CommonSettings settings;
  settings.schema_dir = VSIM_SOURCE_DIR "/schema";
  settings.profile = "ec2";
  settings.idle_timeout = std::chrono::seconds(7);
  const auto catalogue = process::load_catalogue(settings);
  REQUIRE(catalogue);
  CHECK(catalogue->default_profile == "ec2");
  CHECK(catalogue->idle_timeout == std::chrono::seconds(7));
  settings.profile = "ec3";
  const auto refused = process::load_catalogue(settings);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == std::vector<std::string>{"PROFILE: there is no profile ec3"});
}
