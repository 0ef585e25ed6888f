// Goal: the token of Vsim-Sequence survives the way to the client and back, and nothing else is
// read as one.
// Method: round trips, and texts that are wrong in one place each.

#include "schema/http/sequence_token.h"

#include <doctest/doctest.h>

namespace vsim::http {
namespace {

TEST_CASE("a token is read back as it was written") {
  CHECK(encode_sequence({"EVENTS", 1234}) == "EVENTS:1234");
  for (const SequenceToken& token : {SequenceToken{"EVENTS", 1}, SequenceToken{"COMMANDS", 0},
                                     SequenceToken{"EVENTS_EU-WEST-1", 9'223'372'036'854'775'807U},
                                     SequenceToken{"COMMANDS", 9'223'372'036'854'775'809U},
                                     SequenceToken{"COMMANDS", 18'446'744'073'709'551'615U}}) {
    CHECK(decode_sequence(encode_sequence(token)) == token);
  }
}

TEST_CASE("texts that are no token are refused") {
  for (const char* text :
       {"", ":", "EVENTS", "EVENTS:", ":12", "events:12", "EVENTS:-1", "EVENTS:1.5", "EVENTS:12 ",
        "EVENTS: 12", "EVENTS:012", "EVENTS:00", "EVENTS:+1", "EVENTS:18446744073709551616",
        "EVENTS:99999999999999999999", "A2345678901234567890123456789012X:1", "EV NTS:1"}) {
    INFO(text);
    CHECK_FALSE(decode_sequence(text));
  }
}

}  // namespace
}  // namespace vsim::http
