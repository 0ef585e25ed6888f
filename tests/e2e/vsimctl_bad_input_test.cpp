// Goal: called wrongly, or with a dead broker or Postgres, each subcommand of vsimctl says so in
// one line and changes nothing. Method: a table of all subcommands, called in wrong ways, with a
// broker and a Postgres that do not answer, and without a terminal; streams are counted before and
// after.

#include <algorithm>

#include <doctest/doctest.h>

#include "tests/e2e/event_log.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/servers.h"

using harness::Fleet;
using harness::Json;
using harness::Output;

namespace {

using Arguments = std::vector<std::string>;

const std::string no_server = "11111111-2222-4333-8444-555555555555";

std::string joined(const Arguments& arguments) {
  std::string text;
  for (const auto& argument : arguments) {
    text += " " + argument;
  }
  return text;
}

/// One line that begins with the tool's name and says how to go on.
void check_refused(const Output& output, int code, const std::string& must_hold = {}) {
  INFO(output.text);
  CHECK(output.ending.signal == 0);
  CHECK(output.ending.code == code);
  CHECK(output.text.starts_with("vsimctl: "));
  CHECK(std::count(output.text.begin(), output.text.end(), '\n') == 1);
  CHECK(output.text.find(must_hold) != std::string::npos);
  CHECK(output.text.find("s3cret") == std::string::npos);
}

/// Of all cases: nothing changes it.
Fleet& fleet() {
  static Fleet shared;
  return shared;
}

std::vector<std::int64_t> stream_ends() {
  std::vector<std::int64_t> ends;
  for (const char* stream : {"COMMANDS", "JOURNAL", "DEAD_LETTERS"}) {
    ends.push_back(e2e::end_of(fleet(), stream));
  }
  return ends;
}

/// What asks the broker.
const std::vector<Arguments> need_nats = {
    {"dlq", "list"},
    {"dlq", "show", "1"},
    {"dlq", "replay", "1", "--yes"},
    {"dlq", "replay", "--all", "--yes"},
    {"dlq", "drop", "1", "--yes"},
    {"dlq", "drop", "--all", "--yes"},
    {"journal", "list"},
    {"journal", "replay", "--purged", "--yes"},
    {"pool", "add", "us-east-1", "10.9.0.0/29"},
    {"region"},
    {"region", "set", "us-east-1", "--outage", "stopped"},
    {"region", "lift", "us-east-1"},
    {"clock"},
    {"clock", "advance", "1h"},
    {"clock", "scale", "2"},
    {"terminate", no_server, "--force", "--reason", "stuck", "--yes"},
    {"migrate"},
};

/// What asks Postgres and cannot do without.
const std::vector<Arguments> need_postgres = {
    {"pool"},
    {"pool", "list"},
    {"migrate"},
};

const std::vector<Arguments> asked_wrongly = {
    {},
    {"no-such-command"},
    {"migrate", "extra"},
    {"migrate", "--no-such-flag"},
    {"dlq"},
    {"dlq", "no-such-command"},
    {"dlq", "list", "extra"},
    {"dlq", "show"},
    {"dlq", "show", "x"},
    {"dlq", "show", "0"},
    {"dlq", "show", "-1"},
    {"dlq", "show", "010"},
    {"dlq", "show", "0x8"},
    {"dlq", "show", "+1"},
    {"dlq", "show", " 1"},
    {"dlq", "replay", "010", "--yes"},
    {"dlq", "drop", "010", "--yes"},
    {"dlq", "drop", "18446744073709551616", "--yes"},
    {"history", no_server, "--version", "010"},
    {"history", no_server, "--version", "0x1"},
    {"history", no_server, "--version", "0"},
    {"dlq", "replay", "--yes"},
    {"dlq", "replay", "x", "--yes"},
    {"dlq", "replay", "1", "--all", "--yes"},
    {"dlq", "drop", "--yes"},
    {"dlq", "drop", "1", "2", "--yes"},
    {"journal"},
    {"journal", "list", "extra"},
    {"journal", "list", "--since", "yesterday"},
    {"journal", "list", "--region", "US EAST"},
    {"journal", "replay", "--yes"},
    {"journal", "replay", "--purged", "--since", "2", "--yes"},
    {"region", "no-such-command"},
    {"region", "set"},
    {"region", "set", "us-east-1"},
    {"region", "set", "US!", "--outage", "stopped"},
    {"region", "set", "us-east-1", "--outage", "gone"},
    {"region", "set", "us-east-1", "--outage", "stopped", "--reason", "a\nb"},
    {"region", "set", "us-east-1", "--no-type", ""},
    {"region", "set", "us-east-1", "--delay-factor", "0"},
    {"region", "set", "us-east-1", "--delay-factor", "03"},
    {"region", "set", "us-east-1", "--failure-rate", "1.5"},
    {"region", "set", "us-east-1", "--outage", "stopped", "--for", "30"},
    {"region", "set", "us-east-1", "--outage", "stopped", "--until", "noon"},
    {"region", "set", "us-east-1", "--outage", "stopped", "--for", "1h", "--until",
     "2030-01-01T00:00:00Z"},
    {"region", "lift"},
    {"pool", "no-such-command"},
    {"pool", "add"},
    {"pool", "add", "us-east-1"},
    {"pool", "add", "us-east-1", "10.9.0.1"},
    {"pool", "add", "US!", "10.9.0.0/29"},
    {"pool", "add", "us-east-1", "10.9.0.0/029"},
    {"pool", "add", "us-east-1", "127.0.0.0/24"},
    {"pool", "add", "us-east-1", "169.254.1.1-169.254.1.9"},
    {"pool", "add", "us-east-1", "255.255.255.255/32"},
    {"pool", "add", "us-east-1", "10.9.0.0/+29"},
    {"pool", "add", "us-east-1", "10.9.0.01-10.9.0.9"},
    {"api"},
    {"api", "GET"},
    {"api", "GET", "servers"},
    {"api", "PATCH", "/servers"},
    {"api", "GET", "/servers", "--api-url", "localhost"},
    {"keys"},
    {"keys", "no-such-command"},
    {"keys", "list", "extra"},
    {"keys", "list", "--keys-file", ""},
    {"keys", "add"},
    {"keys", "add", "ci"},
    {"keys", "add", "ci", "--role", "king"},
    {"keys", "add", "ci", "--role", "caller", "--account", "Team_A"},
    {"keys", "add", "ci", "--role", "caller", "--account", std::string(41, 'a')},
    {"keys", "add", "two words", "--role", "reader"},
    {"keys", "add", "timekeeper", "--role", "reader"},
    {"keys", "add", "vsimctl-api", "--role", "reader"},
    {"keys", "add", std::string(65, 'a'), "--role", "reader"},
    {"keys", "revoke", "--yes"},
    {"keys", "revoke", "two words", "--yes"},
    {"clock", "no-such-command"},
    {"clock", "advance"},
    {"clock", "advance", "30"},
    {"clock", "advance", "030h"},
    {"clock", "scale", "0.0000009"},
    {"clock", "scale", "1000001"},
    {"clock", "scale", "060"},
    {"clock", "scale", "0x10"},
    {"clock", "scale", "1e3"},
    {"clock", "advance", "0h", "extra"},
    {"clock", "scale", "fast"},
    {"clock", "scale", "-1"},
    {"status", "extra"},
    {"rebuild", "extra"},
    {"doctor", "extra"},
    {"terminate"},
    {"terminate", "web-1", "--force", "--reason", "x", "--yes"},
    {"terminate", no_server, "--yes"},
    {"terminate", no_server, "--force", "--yes"},
    {"terminate", no_server, "--reason", "x", "--yes"},
    {"pool", "--nats-url"},
    {"pool", "--nats-url", "127.0.0.1"},
    {"pool", "--idle-timeout", "30"},
    {"pool", "--idle-timeout", "030m"},
    {"pool", "--sim-seed", "07"},
    {"pool", "--nats-url", "nats://127.0.0.1:04222"},
};

/// What deletes or changes, and so asks.
const std::vector<Arguments> ask_first = {
    {"dlq", "replay", "1"},
    {"dlq", "replay", "--all"},
    {"dlq", "drop", "1"},
    {"dlq", "drop", "--all"},
    {"journal", "replay", "--purged"},
    {"terminate", no_server, "--force", "--reason", "stuck"},
    {"rebuild"},
    {"keys", "revoke", "ci"},
};

}  // namespace

TEST_CASE("what is asked wrongly is refused in one line, and changes nothing") {
  const auto before = stream_ends();
  for (const Arguments& arguments : asked_wrongly) {
    CAPTURE(joined(arguments));
    check_refused(fleet().vsimctl(arguments), 2);
  }
  for (const Arguments& arguments : ask_first) {
    CAPTURE(joined(arguments));
    check_refused(fleet().vsimctl(arguments), 2, "add --yes");
  }
  CHECK(stream_ends() == before);
}

TEST_CASE("what is not there is reported in one line") {
  const auto before = stream_ends();
  check_refused(fleet().vsimctl({"terminate", no_server, "--force", "--reason", "x", "--yes"}), 1,
                "there is no server " + no_server);
  check_refused(fleet().vsimctl({"keys", "revoke", "ci", "--yes"}), 1, "there is no key ci");
  check_refused(
      fleet().vsimctl({"keys", "add", "ci", "--role", "reader", "--keys-file", "/no/file"}), 1,
      "KEYS_FILE must lie in a folder that is there");
  check_refused(fleet().vsimctl({"pool", "add", "mars", "10.9.0.0/29"}), 1, "there is no region");
  for (const char* what : {"show", "replay", "drop"}) {
    Arguments arguments = {"dlq", what, "7"};
    if (std::string(what) != "show") {
      arguments.emplace_back("--yes");
    }
    check_refused(fleet().vsimctl(arguments), 1, "there is no dead letter 7");
  }
  CHECK(stream_ends() == before);
}

TEST_CASE("a dead broker is reported in one line that says how to go on") {
  const std::string address = "127.0.0.1:" + std::to_string(harness::free_port());
  for (Arguments arguments : need_nats) {
    CAPTURE(joined(arguments));
    arguments.insert(arguments.end(), {"--nats-url", "nats://me:s3cret@" + address});
    const Output output = fleet().vsimctl(arguments);
    if (arguments.front() == "migrate") {  // Postgres comes first, and says what it did
      CHECK(output.ending.code == 1);
      CHECK(output.text.find("NATS at " + address + " does not answer") != std::string::npos);
      continue;
    }
    check_refused(output, 1, "NATS at " + address + " does not answer");
    CHECK(output.text.find("set NATS_URL") != std::string::npos);
  }
}

TEST_CASE("a dead Postgres is reported in one line that says how to go on") {
  const auto before = stream_ends();
  const std::string url =
      "postgresql://me:s3cret@127.0.0.1:" + std::to_string(harness::free_port()) + "/vsim";
  for (Arguments arguments : need_postgres) {
    CAPTURE(joined(arguments));
    arguments.insert(arguments.end(), {"--database-url", url});
    check_refused(fleet().vsimctl(arguments), 1, "Postgres does not answer");
  }
  CHECK(stream_ends() == before);
}
