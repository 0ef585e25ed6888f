// Goal: bytes of any number become the one text that RFC 4648 gives them, and no other text is
// taken back. Method: the RFC's own examples, all lengths round, texts damaged in each way.

#include "schema/http/base64url.h"

#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace vsim::http {
namespace {

std::string text_of(std::string_view bytes) {
  return to_base64url(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
}

TEST_CASE("the RFC's examples, without their padding") {
  CHECK(text_of("") == "");
  CHECK(text_of("f") == "Zg");
  CHECK(text_of("fo") == "Zm8");
  CHECK(text_of("foo") == "Zm9v");
  CHECK(text_of("foob") == "Zm9vYg");
  CHECK(text_of("fooba") == "Zm9vYmE");
  CHECK(text_of("foobar") == "Zm9vYmFy");
  CHECK(text_of("\xfb\xff") == "-_8");
}

TEST_CASE("what is written is read, at every length") {
  for (std::size_t count = 0; count < 70; ++count) {
    std::vector<std::uint8_t> bytes(count);
    for (std::size_t i = 0; i < count; ++i) {
      bytes[i] = static_cast<std::uint8_t>(255 - 37 * i);
    }
    const std::string text = to_base64url(bytes);
    CHECK(text.size() == base64url_characters(count));
    std::vector<std::uint8_t> read(count);
    CHECK(from_base64url(text, read));
    CHECK(read == bytes);
  }
}

TEST_CASE("a text of another length, another alphabet or with spare bits is not taken") {
  std::array<std::uint8_t, 4> four{};
  CHECK(from_base64url("Zm9vYg", four));
  for (const char* text : {"", "Zm9v", "Zm9vY", "Zm9vYgA", "Zm9vYg==", "Zm9vY+", "Zm9vY/", "Zm9vY ",
                           "Zm9vYh", "Zm9vYv"}) {
    INFO(text);
    CHECK_FALSE(from_base64url(text, four));
  }
}

TEST_CASE("base64 with padding is written and read, also wrapped, and no other text is") {
  const auto padded = [](std::string_view bytes) {
    return to_base64(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
  };
  CHECK(padded("") == "");
  CHECK(padded("f") == "Zg==");
  CHECK(padded("fo") == "Zm8=");
  CHECK(padded("foo") == "Zm9v");
  CHECK(padded("\xfb\xff\xff") == "+///");
  for (const char* bytes : {"", "f", "fo", "foo", "foob", "\xfb\xff\xff?"}) {
    CHECK(from_base64(padded(bytes)) == bytes);
  }
  CHECK(from_base64("Zm9\r\n v\t") == "foo");
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zm8", "Zm=v", "Z-==", "Zg===", "====", "Zg==Zg==", "Zh==", "Zm9v!"}) {
    INFO(text);
    CHECK_FALSE(from_base64(text));
  }
}

}  // namespace
}  // namespace vsim::http
