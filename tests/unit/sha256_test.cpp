// Goal: hashes are those of FIPS 180-4, and their text reads back only as it is written.
// Method: the standard's examples; digits too few, too many, in upper case, and none.

#include "schema/messages/sha256.h"

#include <doctest/doctest.h>

namespace vsim::messages {
namespace {

TEST_CASE("the standard's examples") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a hash is read from the text it is written as, and from no other") {
  const Sha256 hash = sha256_of("abc");
  const std::string text = to_hex(hash);
  CHECK(sha256_from_hex(text) == hash);
  CHECK_FALSE(sha256_from_hex(""));
  CHECK_FALSE(sha256_from_hex(text.substr(1)));
  CHECK_FALSE(sha256_from_hex(text + "0"));
  CHECK_FALSE(sha256_from_hex("B" + text.substr(1)));
  CHECK_FALSE(sha256_from_hex("g" + text.substr(1)));
}

}  // namespace
}  // namespace vsim::messages
