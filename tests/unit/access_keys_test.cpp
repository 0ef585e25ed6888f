// Goal: an access key's secret is the same whoever derives it, and the master secret is in no
// file that others may read.
// Method: fixed bytes of chance and of the master; files of each kind on the disk.

#include "schema/http/access_keys.h"

#include <cstdio>
#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "schema/http/api_keys.h"
#include "schema/messages/sha256.h"
#include "tests/harness/scratch_dir.h"

namespace vsim::http {
namespace {

TEST_CASE("an access key's id is 20 characters that AWS's clients take") {
  std::array<std::uint8_t, access_key_chance_bytes> chance{};
  CHECK(access_key_id(chance) == "VSIAAAAAAAAAAAAAAAAA");
  chance.fill(255);
  CHECK(access_key_id(chance) == "VSIA7777777777777777");
  chance = {0, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf};
  CHECK(access_key_id(chance) == "VSIAABCDEFGHIJKLMNOP");
  CHECK(is_access_key_id("VSIAABCDEFGHIJKLMNOP"));
  for (const char* text :
       {"", "VSIA", "AKIAABCDEFGHIJKLMNOP", "VSIAABCDEFGHIJKLMNO", "VSIAABCDEFGHIJKLMNOP2",
        "VSIAABCDEFGHIJKLMNO1", "VSIAabcdefghijklmnop"}) {
    INFO(text);
    CHECK_FALSE(is_access_key_id(text));
  }
}

TEST_CASE("a secret is derived from id and master, and from nothing else") {
  MasterSecret master{};
  const std::string secret = access_key_secret(master, "VSIAABCDEFGHIJKLMNOP");
  CHECK(secret == "3J1M2TU/pQvN0YgiUJqIBYkzQHLJ4YLitMeCcDlM+oM=");
  CHECK(access_key_secret(master, "VSIAABCDEFGHIJKLMNOQ") != secret);
  master[31] = 1;
  CHECK(access_key_secret(master, "VSIAABCDEFGHIJKLMNOP") != secret);
}

TEST_CASE("HMAC over SHA-256 is that of RFC 4231") {
  CHECK(messages::to_hex(messages::hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("the master secret is read as written, and from no file that others may read") {
  const harness::ScratchDir folder("access-keys");
  const std::string path = master_secret_path(folder.path() + "/keys.json");
  CHECK(path == folder.path() + "/keys.json.master");
  CHECK_FALSE(load_master_secret(path).value());
  MasterSecret master{};
  master[0] = 255;
  std::ofstream(path) << render_master_secret(master);
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  CHECK(load_master_secret(path).value() == master);
  for (const mode_t mode : {0640U, 0604U, 0620U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    CHECK(load_master_secret(path).error() ==
          path + ": may be read or written by others than its owner; chmod 600 it");
  }
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  for (const char* text : {"", "x", "\n", "!!!"}) {
    std::ofstream(path) << text;
    CHECK(load_master_secret(path).error() == path + ": holds no master secret of access keys");
  }
}

TEST_CASE("an access key's id stands in the file of the keys, and must be one") {
  const ApiKey key{.name = "boto",
                   .role = Role::caller,
                   .hash = messages::sha256_of("secret"),
                   .made_at = {},
                   .account = "team-a",
                   .access_key_id = "VSIAABCDEFGHIJKLMNOP"};
  std::string text = render_keys({key});
  CHECK(read_keys(text).value().front().access_key_id == key.access_key_id);
  text.replace(text.find("VSIA"), 4, "AKIA");
  CHECK(read_keys(text).error().find("access_key_id") != std::string::npos);
}

}  // namespace
}  // namespace vsim::http
