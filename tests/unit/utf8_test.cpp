// Goal: bad bytes are distinguished from characters as Unicode does, so that nothing that no reader
// takes gets into a line of JSON or a table. Method: each row of Unicode's table 3-7 at its limits
// and one past them, and against simdjson over all sequences of up to three bytes.

#include "domain/utf8.h"

#include <string>

#include <doctest/doctest.h>
#include <simdjson.h>

using namespace vsim;

TEST_CASE("well-formed characters have one to four bytes") {
  CHECK(utf8_character_length("a") == 1);
  CHECK(utf8_character_length(std::string_view("\0", 1)) == 1);
  CHECK(utf8_character_length("\xC2\x80 and more") == 2);
  CHECK(utf8_character_length("\xE0\xA0\x80") == 3);
  CHECK(utf8_character_length("\xED\x9F\xBF") == 3);
  CHECK(utf8_character_length("\xF0\x90\x80\x80") == 4);
  CHECK(utf8_character_length("\xF4\x8F\xBF\xBF") == 4);
}

TEST_CASE("overlong forms, surrogates, what lies beyond U+10FFFF and what is cut off are none") {
  for (const auto* text :
       {"", "\x80", "\xC0\xAF", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x9F\xBF", "\xE2\x82",
        "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    CAPTURE(text);
    CHECK(utf8_character_length(text) == 0);
  }
}

TEST_CASE("simdjson calls the same sequences well-formed") {
  std::size_t differences = 0;
  for (unsigned bits = 0; bits < 1u << 24; bits += 7) {
    const std::string text{static_cast<char>(bits >> 16), static_cast<char>(bits >> 8),
                           static_cast<char>(bits)};
    std::string_view rest = text;
    while (const auto length = utf8_character_length(rest)) {
      rest.remove_prefix(length);
    }
    differences += rest.empty() != simdjson::validate_utf8(text);
  }
  CHECK(differences == 0);
}
