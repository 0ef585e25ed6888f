// Goal: a key is the same key in quotes and without, and what could be read in two ways is refused.
// Method: tables of fields; the limit, and one past it.

#include "schema/http/idempotency_key.h"

#include <doctest/doctest.h>

using namespace vsim::http;

TEST_CASE("a key is read in quotes, as RFC 8941 has it, and bare") {
  struct Row {
    std::string field;
    std::string key;
  };
  const std::vector<Row> rows = {{"order-1", "order-1"},
                                 {R"("order-1")", "order-1"},
                                 {"a b, c\\", "a b, c\\"},
                                 {R"("say \"hi\" \\ ")", R"(say "hi" \ )"}};
  for (const Row& row : rows) {
    CAPTURE(row.field);
    CHECK(read_idempotency_key(row.field) == row.key);
  }
}

TEST_CASE("what is no key is refused, with what to send") {
  for (const std::string field : {"", R"("")", R"("a)", R"(a")", R"(a"b)", R"("a"b)", R"("a", "a")",
                                  R"("a\n")", R"("a\)", R"(")", "a\tb", "\xc3\xbc"}) {
    CAPTURE(field);
    const auto key = read_idempotency_key(field);
    REQUIRE_FALSE(key);
    CHECK(key.error().find("printable ASCII") != std::string::npos);
  }
}

TEST_CASE("a key may be as long as the limit, quotes not counted, and not longer") {
  const std::string longest(idempotency_key_characters_max, 'k');
  CHECK(read_idempotency_key(longest) == longest);
  CHECK(read_idempotency_key('"' + longest + '"') == longest);
  CHECK_FALSE(read_idempotency_key(longest + 'k'));
  CHECK_FALSE(read_idempotency_key('"' + longest + "k\""));
}
