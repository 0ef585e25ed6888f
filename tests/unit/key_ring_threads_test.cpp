// Goal: the keys of the file are in force; when it cannot be read, those that it had before; a key
// that the file has not named is never accepted. Method: a ring on a file that comes,
// changes, breaks and goes; and one whose file changes while many ask.

#include <atomic>
#include <filesystem>
#include <thread>

#include <doctest/doctest.h>

#include "api/admission/key_ring.h"
#include "tests/harness/child_process.h"
#include "tests/harness/scratch_dir.h"

namespace vsim::api {
namespace {

struct Ring {
  harness::ScratchDir folder{"ring"};
  std::string path = folder.path() + "/keys.json";
  KeyRing ring{path};

  void write(const std::string& text) {
    harness::write_file(path + ".new", text);
    std::filesystem::rename(path + ".new", path);
  }
  void write_keys(const std::vector<std::string>& names) {
    std::vector<http::ApiKey> keys;
    for (const auto& name : names) {
      keys.push_back({name, http::Role::caller, messages::sha256_of("secret of " + name), {}});
    }
    write(http::render_keys(keys));
  }
  bool opens(const std::string& name) const {
    const auto keys = ring.now();
    const http::ApiKey* key = keys ? keys->find("secret of " + name) : nullptr;
    return key != nullptr && key->name == name;
  }
};

TEST_CASE("keys are off until the file is there, and on from then") {
  Ring at;
  CHECK(at.ring.look());
  CHECK(at.ring.now() == nullptr);
  at.write_keys({"ci", "ann"});
  CHECK(at.ring.look());
  CHECK(at.opens("ci"));
  CHECK(at.opens("ann"));
  CHECK_FALSE(at.opens("bob"));
  CHECK(at.ring.now()->find("") == nullptr);
  at.write_keys({"ann"});
  CHECK(at.ring.look());
  CHECK_FALSE(at.opens("ci"));
  CHECK(at.opens("ann"));
  at.write_keys({});
  CHECK(at.ring.look());
  REQUIRE(at.ring.now() != nullptr);
  CHECK(at.ring.now()->count() == 0);
}

TEST_CASE("without a path keys stay off") {
  KeyRing ring("");
  CHECK(ring.look());
  CHECK(ring.now() == nullptr);
}

TEST_CASE("a file that is gone, broken or empty leaves the keys as they were, and says so") {
  Ring at;
  at.write_keys({"ci"});
  REQUIRE(at.ring.look());
  std::filesystem::remove(at.path);
  CHECK(at.ring.look().error().find("is gone") != std::string::npos);
  CHECK(at.opens("ci"));
  for (const char* text : {"", "{\"keys\":[{\"name\":\"ci\"", "{}", "null"}) {
    CAPTURE(text);
    at.write(text);
    CHECK_FALSE(at.ring.look());
    CHECK_FALSE(at.ring.look());
    CHECK(at.opens("ci"));
  }
  at.write_keys({"ann"});
  CHECK(at.ring.look());
  CHECK(at.opens("ann"));
  CHECK_FALSE(at.opens("ci"));
}

TEST_CASE("a file that is broken from the first opens nothing, since somebody wants keys") {
  Ring at;
  at.write("{");
  CHECK_FALSE(at.ring.look());
  REQUIRE(at.ring.now() != nullptr);
  CHECK(at.ring.now()->count() == 0);
}

TEST_CASE("who asks while the file changes gets the keys of before or after") {
  Ring at;
  at.write_keys({"always"});
  REQUIRE(at.ring.look());
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> askers;
  for (int i = 0; i < 3; ++i) {
    askers.emplace_back([&] {
      while (!stop) {
        wrong += at.opens("always") && !at.opens("never") ? 0 : 1;
      }
    });
  }
  for (int i = 0; i < 100; ++i) {
    at.write_keys({"always", "key" + std::to_string(i)});
    CHECK(at.ring.look());
    CHECK(at.opens("key" + std::to_string(i)));
  }
  stop = true;
  for (auto& asker : askers) {
    asker.join();
  }
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace vsim::api
