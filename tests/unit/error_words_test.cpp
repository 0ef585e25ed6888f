// Goal: /readyz explains errors of the broker in plain sentences. Method: an error of each kind.

#include "eventstore/error_words.h"

#include <doctest/doctest.h>

using vsim::eventstore::Error;
using vsim::eventstore::in_words;

TEST_CASE(
    "a broker that is away or silent is reported in our words, not in the library's (12, 15)") {
  for (const auto kind : {Error::Kind::unavailable, Error::Kind::unknown}) {
    const auto text = in_words({kind, "$JS.API.STREAM.INFO.EVENTS: Timeout"});
    CHECK(text.find("NATS") != std::string::npos);
    CHECK(text.find("is nats-server") != std::string::npos);
    CHECK(text.find("$JS") == std::string::npos);
    CHECK(text.find("Timeout") == std::string::npos);
  }
}

TEST_CASE("what the broker or vsim says of a refusal or of damage stays as it is") {
  for (const auto kind : {Error::Kind::refused, Error::Kind::damaged, Error::Kind::conflict}) {
    CHECK(in_words({kind, "message 7 of EVENTS is lost"}) == "message 7 of EVENTS is lost");
  }
}
