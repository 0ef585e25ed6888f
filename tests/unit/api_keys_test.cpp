// Goal: the file of the keys says what was meant or is refused with a sentence, and no limit on
// names and numbers is off by one. Method: round trips; files damaged in each member; names and
// numbers of keys at their limits and one past them; files of every kind on the disk.

#include "schema/http/api_keys.h"

#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/http/key_file.h"
#include "tests/harness/child_process.h"
#include "tests/harness/scratch_dir.h"

namespace vsim::http {
namespace {

const std::string hash_text(64, 'a');

std::vector<ApiKey> keys_of(std::size_t count) {
  std::vector<ApiKey> keys;
  for (std::size_t i = 0; i < count; ++i) {
    std::string name = "key" + std::to_string(i);
    name.resize(key_name_characters_max, 'x');  // as long as they may be
    keys.push_back({name, Role::operator_, messages::sha256_of(name), Instant(Duration(i)),
                    std::string(account_characters_max, 'a')});
  }
  return keys;
}

std::string file_with(const std::string& member, const std::string& value) {
  std::string text = "{\"keys\":[{";
  for (const auto& [name, good] : std::vector<std::pair<std::string, std::string>>{
           {"name", "\"ci\""},
           {"role", "\"caller\""},
           {"sha256", "\"" + hash_text + "\""},
           {"made_at", "\"2026-11-21T10:00:00.000Z\""}}) {
    text += "\"" + name + "\":" + (name == member ? value : good) + ",";
  }
  text.back() = '}';
  return text + "]}";
}

TEST_CASE("keys are read as they were written") {
  const std::vector<ApiKey> keys = {
      {"ci", Role::caller, messages::sha256_of("one"), Instant(Duration(1'766'000'000'123)),
       "team-a"},
      {"Ann.B_c-d@example.org", Role::reader, messages::sha256_of("two"), Instant(), "default"},
      {"0", Role::operator_, messages::sha256_of("three"), Instant(Duration(5)), "default"}};
  const auto read = read_keys(render_keys(keys));
  REQUIRE(read);
  REQUIRE(read->size() == keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    CHECK((*read)[i].name == keys[i].name);
    CHECK((*read)[i].role == keys[i].role);
    CHECK((*read)[i].account == keys[i].account);
    CHECK((*read)[i].hash == keys[i].hash);
    CHECK((*read)[i].made_at == keys[i].made_at);
  }
  CHECK(read_keys(render_keys({})).value().empty());
  CHECK(read_keys(file_with("", "")).value().front().name == "ci");
}

TEST_CASE("a damaged file is refused, and the sentence says where") {
  struct Row {
    std::string text;
    std::string complaint;
  };
  const std::vector<Row> rows = {
      {"", "no JSON"},
      {"{\"keys\":[", "no JSON"},
      {"[]", "must be a JSON object"},
      {"{}", "\"keys\" must be an array"},
      {"{\"keys\":{}}", "\"keys\" must be an array"},
      {"{\"keys\":[1]}", "\"keys\" must hold objects"},
      {"{\"keys\":[{}]}", "key 1: \"name\" must be a string"},
      {file_with("name", "\"\""), "key 1: \"name\" is no key's name"},
      {file_with("name", "7"), "key 1: \"name\" must be a string"},
      {file_with("name", "\"api\""), "vsim itself acts as api"},
      {file_with("role", "\"king\""), "key 1: \"role\" has an unknown value"},
      {file_with("role", "\"Reader\""), "key 1: \"role\" has an unknown value"},
      {file_with("sha256", "\"abc\""), "key 1: \"sha256\" has an unknown value"},
      {file_with("made_at", "\"today\""), "key 1: \"made_at\" must be an RFC 3339 time"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto read = read_keys(row.text);
    REQUIRE_FALSE(read);
    CAPTURE(read.error());
    CHECK(read.error().find(row.complaint) != std::string::npos);
  }
  auto twins = keys_of(1);
  twins.push_back(twins.front());
  CHECK(read_keys(render_keys(twins)).error().starts_with("two keys are named key0"));
}

TEST_CASE("a file holds its most keys, with the longest names, and not one more") {
  const std::string most = render_keys(keys_of(api_keys_max));
  CHECK(most.size() <= key_file_bytes_max);
  CHECK(read_keys(most).value().size() == api_keys_max);
  const auto one_more = read_keys(render_keys(keys_of(api_keys_max + 1)));
  REQUIRE_FALSE(one_more);
  CHECK(one_more.error() == "there are over 1000 keys");
}

TEST_CASE("a name may be as long as its limit, and of letters, digits and four signs") {
  const std::string longest(key_name_characters_max, 'a');
  CHECK_FALSE(complaint_about_key_name(longest));
  CHECK(complaint_about_key_name(longest + "a"));
  for (const char* good : {"a", "Z", "9", "ci-1", "a.b_c-d@e", "apis", "NATS"}) {
    CAPTURE(good);
    CHECK_FALSE(complaint_about_key_name(good));
  }
  for (const char* bad : {"", "-a", ".a", "_a", "@a", "a b", "a\n", "a\"", "a,b", "a/b", "\xc3\xbc",
                          "a\x7f", "api", "nats", "psql", "seed", "timekeeper", "vsimctl"}) {
    CAPTURE(bad);
    CHECK(complaint_about_key_name(bad));
  }
}

TEST_CASE("roles are called what they are, in order of what they allow") {
  for (const Role role : {Role::reader, Role::caller, Role::operator_}) {
    CHECK(role_from(to_string(role)) == role);
  }
  CHECK(to_string(Role::operator_) == "operator");
  CHECK(Role::reader < Role::caller);
  CHECK(Role::caller < Role::operator_);
  CHECK_FALSE(role_from(""));
}

TEST_CASE("a key's text is its mark and all of its 256 bits") {
  std::array<std::uint8_t, key_secret_bytes> secret{};
  CHECK(key_text(secret) == "vsim_" + std::string(43, 'A'));
  secret.back() = 1;
  CHECK(key_text(secret) == "vsim_" + std::string(41, 'A') + "AE");
}

TEST_CASE("a file on the disk is taken if it is there, is a file, and only its owner's to write") {
  const harness::ScratchDir folder("keys");
  const std::string path = folder.path() + "/keys.json";
  CHECK(load_key_file(path).value() == std::nullopt);
  harness::write_file(path, std::string(key_file_bytes_max, ' '));
  CHECK(load_key_file(path).value().value().size() == key_file_bytes_max);
  harness::write_file(path, std::string(key_file_bytes_max + 1, ' '));
  CHECK(load_key_file(path).error() == path + ": is over 256 KiB");
  harness::write_file(path, "x");
  for (const mode_t mode : {0620, 0602, 0666}) {
    chmod(path.c_str(), mode);
    CHECK(load_key_file(path).error().find("chmod 600") != std::string::npos);
  }
  for (const mode_t mode : {0600, 0644, 0400}) {
    chmod(path.c_str(), mode);
    CHECK(load_key_file(path).value() == "x");
  }
  CHECK(load_key_file(folder.path()).error() == folder.path() + ": is no file");
  CHECK(load_key_file(path + "/below").error().find("cannot be read") != std::string::npos);
  const std::string pipe = folder.path() + "/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(load_key_file(pipe).error() == pipe + ": is no file");
}

}  // namespace
}  // namespace vsim::http
