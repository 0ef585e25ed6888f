// Goal: the scripts mean the same in every caller's locale (issue 12, point 19).
// Method: one system, the scripts called in Turkish, Azerbaijani and German, where upper case or
// the decimal point differ; first it is shown that the locales do act on a shell.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/runbook/shipped_system.h"
#include "tests/scripts/locales.h"

using runbook::ShippedSystem;

namespace {

class Abroad {
 public:
  explicit Abroad(ShippedSystem& system)
      : system_(system), folder_(system.checkout() + "/locales") {
    scripts::make_locales(folder_, {"tr_TR", "az_AZ", "de_DE"});
  }

  /// A command without single quotes, in a shell that was born into the locale.
  harness::Output run(const std::string& locale, const std::string& command) const {
    return system_.run(fmt::format("env LOCPATH='{}' LC_ALL={}.UTF-8 LANGUAGE=de bash -c '{}'",
                                   folder_, locale, command));
  }

  void check(const std::string& locale, const std::string& command) const {
    const harness::Output done = run(locale, command);
    CHECK_MESSAGE(done.ending.clean(), locale, ": ", command, ":\n", done.text);
  }

 private:
  ShippedSystem& system_;
  std::string folder_;
};

}  // namespace

TEST_CASE("up, rotate, down and reset do in any locale what they do in C") {
  ShippedSystem system;
  const Abroad abroad(system);
  REQUIRE(abroad.run("tr_TR", "i=i; echo ${i^^}").text == "İ\n");
  REQUIRE(abroad.run("az_AZ", "i=i; echo ${i^^}").text == "İ\n");
  REQUIRE(abroad.run("de_DE", "printf \"%.1f\\n\" 0,5").text == "0,5\n");

  const std::string passwords = system.shell("cat .run/secrets/nats-passwords.conf");
  for (const char* locale : {"tr_TR", "az_AZ", "de_DE"}) {
    CAPTURE(locale);
    CHECK(abroad.run(locale, "ops/up").text.find("All was up already") != std::string::npos);
    CHECK(system.shell("cat .run/secrets/nats-passwords.conf") == passwords);
  }
  for (const char* locale : {"tr_TR", "az_AZ", "de_DE"}) {
    CAPTURE(locale);
    const std::string before = system.shell("cat .run/env");
    abroad.check(locale, "ops/rotate");
    CHECK(system.shell("cat .run/env") != before);
    CHECK(system.shell("nats stream ls --names | grep -c EVENTS; psql \"$DATABASE_URL\" -Atc "
                       "'SELECT 1'") == "1\n1");
    CHECK(system.ready("api"));
  }
  abroad.check("de_DE", "ops/down");
  abroad.check("tr_TR", "ops/rotate");
  abroad.check("az_AZ", "ops/up");
  abroad.check("tr_TR", "ops/reset --yes=.run");
  abroad.check("tr_TR", "ops/up");
  CHECK(system.ready("api"));
  CHECK(system.shell("cat .run/secrets/nats-passwords.conf").find("ADMIN_PASSWORD") !=
        std::string::npos);
}
