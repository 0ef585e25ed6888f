// Goal (issue 16, 1.4): what a profile makes of a server is the same for ever, and a person can
// read it. Method: three servers of each shipped profile live through one script under two seeds;
// what happens to them is compared with lives/PROFILE.SEED.txt. VSIM_WRITE_GOLDEN=1 writes those
// files anew.

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "schema/messages/catalogue_files.h"
#include "schema/messages/instant_text.h"
#include "schema/read_model/server_events.h"
#include "tests/harness/child_process.h"

using namespace vsim;

namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr auto day = hours(24);
const Region region{"us-east-1"};
const Instant begin{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
const std::string folder = VSIM_SOURCE_DIR "/tests/golden/lives";

const Catalogue& catalogue() {
  static const Catalogue shipped = messages::load_catalogue(VSIM_SOURCE_DIR "/schema").value();
  return shipped;
}

struct Step {
  Duration after;
  Action action;
};

std::vector<Step> script(const std::string& profile) {
  return {{Duration(0), Create{"web", "t2.micro", profile, {}, Duration(0)}},
          {minutes(5), Start{}},
          {day, Stop{}},
          {day + hours(1), Start{}},
          {2 * day, Reboot{}},
          {90 * day, Start{}},
          {120 * day, Stop{}},
          {120 * day + hours(1), Terminate{}}};
}

class Told {
 public:
  Told(std::uint64_t seed, unsigned number) : seed_(seed) {
    server_.uuid.bytes[15] = static_cast<std::uint8_t>(number);
    text_ = fmt::format("server {}\n", number);
  }

  void ask(const Action& action, Instant at) {
    Command command;
    command.id.uuid.bytes[15] = ++asked_;
    command.sequence = asked_;
    command.region = region;
    command.server = server_;
    command.action = action;
    tell(decide(state_, command, at, {catalogue(), seed_, Ipv4{0x0A000001}}).events);
  }
  void wait(Instant until) { tell(decide_due(server_, region, state_, until)); }
  const std::string& text() const { return text_; }

 private:
  void tell(const std::vector<Event>& events) {
    for (const auto& event : events) {
      state_ = evolve(std::move(state_), event);
      text_ += fmt::format("  {}  {:<11}  {}\n", messages::format_instant(event.at),
                           state_.server ? to_string(state_.server->status) : "-",
                           read_model::event_message(event, state_));
    }
  }

  std::uint64_t seed_;
  ServerId server_;
  State state_;
  std::uint8_t asked_ = 0;
  std::string text_;
};

std::string lives_of(const std::string& profile, std::uint64_t seed) {
  std::string text;
  for (unsigned number = 1; number <= 3; ++number) {
    Told told(seed, number);
    for (const auto& step : script(profile)) {
      told.ask(step.action, begin + step.after);
    }
    told.wait(begin + 130 * day);
    text += told.text();
  }
  return text;
}

}  // namespace

TEST_CASE("the lives of three servers of each shipped profile are as they were written down") {
  const bool write = std::getenv("VSIM_WRITE_GOLDEN") != nullptr;
  std::size_t compared = 0;
  for (const auto& [name, profile] : catalogue().profiles) {
    for (const std::uint64_t seed : {1, 2}) {
      const auto path = fmt::format("{}/{}.{}.txt", folder, name, seed);
      const auto lives = lives_of(name, seed);
      if (write) {
        harness::write_file(path, lives);
      }
      CAPTURE(path);
      CHECK(harness::read_file(path) == lives);
      ++compared;
    }
  }
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    files += file.path().extension() == ".txt" ? 1 : 0;
  }
  CHECK(files == compared);
}
