// Goal: a number is read one way in the whole tree, and what looks like one is refused (issue 12,
// number 4). Method: limits and one past them; what from_chars, stoul, strtod and CLI11 take.

#include "domain/decimal.h"

#include <string>

#include <doctest/doctest.h>

namespace vsim {
namespace {

TEST_CASE("a decimal number is digits without a zero in front, up to its limit") {
  CHECK(read_decimal("0") == 0);
  CHECK(read_decimal("10") == 10);
  CHECK(read_decimal("18446744073709551615") == UINT64_MAX);
  CHECK_FALSE(read_decimal("18446744073709551616"));
  CHECK_FALSE(read_decimal("99999999999999999999"));
  CHECK(read_decimal("32", 32) == 32);
  CHECK_FALSE(read_decimal("33", 32));
  CHECK(read_decimal("0", 0) == 0);
  CHECK_FALSE(read_decimal("1", 0));
  CHECK(read_decimal("5", 5) == 5);
  CHECK_FALSE(read_decimal("6", 5));
}

TEST_CASE("signs, blanks, zeros in front and other bases are no decimal number: issue 12, 4") {
  using namespace std::string_literals;
  for (const std::string& text :
       {""s,    " "s,     "012"s,   "00"s,    "-0"s,  "-1"s,     "+1"s,
        " 1"s,  "1 "s,    "\t1"s,   "1\n"s,   "1\0"s, "0x10"s,   "1e3"s,
        "1.0"s, "1,000"s, "1'000"s, "1_000"s, "ten"s, "\u0661"s, "\uff11"s}) {
    CAPTURE(text);
    CHECK_FALSE(read_decimal(text));
  }
}

TEST_CASE("a fraction is decimal too") {
  CHECK(read_decimal_fraction("0") == 0.0);
  CHECK(read_decimal_fraction("0.5") == 0.5);
  CHECK(read_decimal_fraction("1000000") == 1e6);
  CHECK(read_decimal_fraction("10.250") == 10.25);
  for (const char* text : {"", ".", ".5", "5.", "00.5", "01", "-1", "+1", " 1", "1 ", "0x1", "1e3",
                           "1.5e3", "1.2.3", "inf", "nan", "1,5"}) {
    CAPTURE(text);
    CHECK_FALSE(read_decimal_fraction(text));
  }
  CHECK_FALSE(read_decimal_fraction(std::string(400, '9')));  // beyond what a double holds
}

}  // namespace
}  // namespace vsim
