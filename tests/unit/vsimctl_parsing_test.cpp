// Goal: an operator's input is understood, or refused with what to type instead; no password is
// ever shown. Method: the readers of vsimctl, called.

#include <doctest/doctest.h>

#include "ops/vsimctl/connections.h"
#include "ops/vsimctl/dlq/letters.h"
#include "ops/vsimctl/dlq/replays.h"
#include "ops/vsimctl/terminal/address_text.h"
#include "ops/vsimctl/terminal/moment.h"
#include "ops/vsimctl/terminal/table.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using namespace vsim::vsimctl;

TEST_CASE("a time is RFC 3339 or a duration ago") {
  CHECK(read_moment("2026-03-01T00:00:05Z", at(0)) == at(5));
  CHECK(read_moment("1h30m", at(5400)) == at(0));
  for (const char* wrong : {"", "2h ago", "yesterday", "2", "2026-03-01", "-2h", "02h"}) {
    CAPTURE(wrong);
    const auto read = read_moment(wrong, at(0));
    REQUIRE_FALSE(read);
    CHECK(read.error().find("such as 2h") != std::string::npos);
  }
}

TEST_CASE("addresses are a network or a range") {
  const auto network = read_addresses("10.0.0.0/29");
  REQUIRE(network);
  CHECK(network->first == *Ipv4::parse("10.0.0.1"));
  CHECK(network->last == *Ipv4::parse("10.0.0.6"));
  const auto range = read_addresses("10.0.0.9-10.0.1.2");
  REQUIRE(range);
  CHECK(range->size() == 250);
  for (const char* wrong : {"", "10.0.0.0", "10.0.0.1/29", "10.0.0.9-10.0.0.1", "-", "a-b", "1/2",
                            "10.0.0.0/012", "10.0.0.0/+24", " 10.0.0.0/24", "10.0.0.01-10.0.0.9",
                            "127.0.0.0/24", "223.255.255.255-224.0.0.1"}) {
    CAPTURE(wrong);
    CHECK_FALSE(read_addresses(wrong));
  }
}

TEST_CASE("no password is shown, wherever the address came from") {
  CHECK(shown_address("nats://me:secret@10.0.0.1:4222") == "10.0.0.1:4222");
  CHECK(shown_address("nats://10.0.0.1") == "10.0.0.1");
  for (const char* url : {"postgresql://me:s3cret@db/vsim", "host=db password=s3cret user=me",
                          "host=db password='s3cret' user=me", "nats://me:s3cret@10.0.0.1"}) {
    CAPTURE(url);
    CHECK(without_password("cannot read s3cret@s3cret", url) == "cannot read ***@***");
  }
  CHECK(without_password("all of it", "postgresql://me@db/vsim") == "all of it");
}

TEST_CASE("a table is as wide as its texts, with figures to the right") {
  Table table({"NAME", "SIZE"});
  table.add({"a", "7"});
  table.add({"longer", "1200"});
  CHECK(table.text() ==
        "NAME    SIZE\n"
        "a          7\n"
        "longer  1200\n");
}

TEST_CASE("a dead letter is read back as the command that it was") {
  const std::string id = "0195a0a0-0000-7000-8000-000000000001";
  const Letter letter =
      letter_of({"vsim.dlq.us-east-1.x",
                 7,
                 {},
                 {{"Nats-Msg-Id", "dlq-42"},
                  {"Vsim-Dead-Reason", "exhausted"},
                  {"Vsim-Dead-Error", "why"},
                  {"Vsim-Dead-Subject", "vsim.cmd.us-east-1.11111111-2222-4333-8444-555555555555"},
                  {"Vsim-Dead-Sequence", "42"},
                  {"Vsim-Dead-Deliveries", "5"},
                  {"Vsim-Dead-Time", "2026-03-01T00:00:00.000Z"},
                  {"Vsim-Actor", "api"},
                  {"Vsim-Command-Id", id}},
                 R"({"type":"stop"})"});
  CHECK(letter.sequence == 7);
  CHECK(letter.command.sequence == 42);
  const Replay replay = replay_of(letter.command);
  REQUIRE(replay.id);
  CHECK(replay.id->to_string() == id);
  CHECK(replay.type == "stop");
  CHECK(find_header(replay.headers, "Vsim-Actor") == "api");
  CHECK(find_header(replay.headers, "Vsim-Command-Id") == id);
  CHECK(find_header(replay.headers, "Vsim-Dead-Reason").empty());
  CHECK(find_header(replay.headers, "Nats-Msg-Id").empty());
}

TEST_CASE("what cannot be read says why, and goes back under an id that is its own for good") {
  const auto letter = [](const std::string& place, const std::string& payload) {
    return letter_of({"vsim.dlq._other",
                      7,
                      {},
                      {{"Vsim-Dead-Subject", "vsim.cmd.us-east-1.x"},
                       {"Vsim-Dead-Sequence", place},
                       {"Vsim-Dead-Time", "2026-03-01T00:00:00.000Z"}},
                      payload});
  };
  const Replay replay = replay_of(letter("1", "{").command);
  CHECK_FALSE(replay.id);
  CHECK_FALSE(replay.unreadable.empty());
  const auto id = std::string(find_header(replay.headers, "Vsim-Command-Id"));
  CHECK(id.size() == 36);
  CHECK(replay.unreadable_id == id);
  CHECK(replay_of(letter("1", "{").command).unreadable_id == id);
  CHECK(replay_of(letter("2", "{").command).unreadable_id != id);
}
