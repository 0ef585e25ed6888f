// Goal: a power cut takes nothing from a Volume that was synced, and nothing else is sure.
// Method: each rule by itself, under a hundred seeds; what may survive is seen to survive under
// some seed and not under another. No file system is mounted.

#include "tests/powercut/volume.h"

#include <set>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>

using powercut::Names;
using powercut::NodeId;
using powercut::Refused;
using powercut::root_node;
using powercut::Volume;

namespace {

NodeId make_file(Volume& volume, const std::string& name, NodeId folder = root_node) {
  struct stat attributes{};
  attributes.st_mode = S_IFREG | 0644;
  return volume.make(folder, name, attributes);
}

NodeId make_folder(Volume& volume, const std::string& name) {
  struct stat attributes{};
  attributes.st_mode = S_IFDIR | 0755;
  return volume.make(root_node, name, attributes);
}

/// A file's bytes; "none" where there is no such name.
std::string shown(const Volume& volume, const std::string& name, NodeId folder = root_node) {
  const auto found = volume.names(folder).find(name);
  return found == volume.names(folder).end() ? "none" : volume.read(found->second, 0, 1 << 20);
}

/// What `after` says of a volume that `before` has filled, after a power cut under each of many
/// seeds.
template <typename Before, typename After>
std::set<std::string> outcomes(Names names, const Before& before, const After& after) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Volume volume(names);
    before(volume);
    volume.cut(seed);
    seen.insert(after(volume));
  }
  return seen;
}

std::set<std::string> shown_after(Names names, const std::string& name,
                                  void (*before)(Volume& volume)) {
  return outcomes(names, before, [&](const Volume& volume) { return shown(volume, name); });
}

using Outcomes = std::set<std::string>;

}  // namespace

TEST_CASE("what was synced survives, and what was written since may be there or not") {
  const Outcomes seen = shown_after(Names::journaled, "a", [](Volume& volume) {
    const NodeId file = make_file(volume, "a");
    volume.write(file, 0, "first");
    volume.sync(file, true);
    volume.write(file, 0, "other");
  });
  CHECK(seen == Outcomes{"first", "other"});
}

TEST_CASE(
    "a file that was never synced may be empty, absent, there, or long before its bytes are") {
  const Outcomes seen = shown_after(Names::journaled, "a", [](Volume& volume) {
    volume.write(make_file(volume, "a"), 0, "text");
  });
  CHECK(seen == Outcomes{"none", "", "text", std::string(4, '\0')});
}

TEST_CASE("a page is torn between sectors, and never within one") {
  const std::string old(powercut::page_bytes, 'o');
  const Outcomes seen = shown_after(Names::journaled, "a", [](Volume& volume) {
    const NodeId file = make_file(volume, "a");
    volume.write(file, 0, std::string(powercut::page_bytes, 'o'));
    volume.sync(file, false);
    volume.write(file, 0, std::string(powercut::page_bytes, 'n'));
  });
  CHECK(seen.size() > 4);
  for (const std::string& bytes : seen) {
    REQUIRE(bytes.size() == powercut::page_bytes);
    for (std::size_t at = 0; at < bytes.size(); at += powercut::sector_bytes) {
      const std::string sector = bytes.substr(at, powercut::sector_bytes);
      CHECK(sector.find_first_not_of(sector.front()) == std::string::npos);
    }
  }
}

TEST_CASE("a sync takes the names along that came before it, or, by POSIX, none") {
  const auto before = [](Volume& volume) {
    make_file(volume, "before");
    const NodeId file = make_file(volume, "a");
    volume.write(file, 0, "text");
    volume.sync(file, false);
    make_file(volume, "after");
  };
  CHECK(shown_after(Names::journaled, "a", before) == Outcomes{"text"});
  CHECK(shown_after(Names::journaled, "before", before) == Outcomes{""});
  CHECK(shown_after(Names::journaled, "after", before) == Outcomes{"", "none"});
  CHECK(shown_after(Names::by_folder, "a", before) == Outcomes{"text", "none"});
}

TEST_CASE("a folder's sync makes its names durable, with either rule") {
  for (const Names names : {Names::journaled, Names::by_folder}) {
    const auto seen = shown_after(names, "b", [](Volume& volume) {
      const NodeId file = make_file(volume, "a");
      volume.write(file, 0, "text");
      volume.sync(file, false);
      volume.rename(root_node, "a", root_node, "b", true);
      volume.sync(root_node, false);
    });
    CHECK(seen == Outcomes{"text"});
  }
}

TEST_CASE("a journal survives up to some change; by POSIX any change may") {
  const auto both = [](const Volume& volume) {
    return shown(volume, "a") + " " + shown(volume, "b");
  };
  const auto before = [](Volume& volume) {
    make_file(volume, "a");
    make_file(volume, "b");
  };
  CHECK(outcomes(Names::journaled, before, both) == Outcomes{"none none", " none", " "});
  CHECK(outcomes(Names::by_folder, before, both) == Outcomes{"none none", " none", "none ", " "});
}

TEST_CASE("a rename over a file leaves the old one or the new one, also without any sync of it") {
  const auto seen = shown_after(Names::journaled, "a", [](Volume& volume) {
    const NodeId old = make_file(volume, "a");
    volume.write(old, 0, "old");
    volume.sync(old, false);
    const NodeId fresh = make_file(volume, "a.tmp");
    volume.write(fresh, 0, "new");
    volume.sync(fresh, false);
    volume.rename(root_node, "a.tmp", root_node, "a", true);
  });
  CHECK(seen == Outcomes{"old", "new"});
}

TEST_CASE("an unlinked file may come back, with the bytes that were synced") {
  const auto seen = shown_after(Names::journaled, "a", [](Volume& volume) {
    const NodeId file = make_file(volume, "a");
    volume.write(file, 0, "text");
    volume.sync(file, false);
    volume.unlink(root_node, "a");
  });
  CHECK(seen == Outcomes{"text", "none"});
}

TEST_CASE("a truncate that is lost loses what was written behind it") {
  const auto seen = shown_after(Names::journaled, "a", [](Volume& volume) {
    const NodeId file = make_file(volume, "a");
    volume.write(file, 0, "old text");
    volume.sync(file, false);
    volume.truncate(file, 0);
    volume.write(file, 0, "new");
  });
  CHECK(seen == Outcomes{"old text", "", "new", std::string(3, '\0')});
}

TEST_CASE("a folder goes with all that is in it, and is empty before its names are durable") {
  const auto inside = [](const Volume& volume) {
    const auto folder = volume.names(root_node).find("d");
    return folder == volume.names(root_node).end() ? "no folder"
                                                   : shown(volume, "a", folder->second);
  };
  const auto before = [](Volume& volume) {
    const NodeId folder = make_folder(volume, "d");
    const NodeId file = make_file(volume, "a", folder);
    volume.write(file, 0, "text");
    volume.sync(file, false);
  };
  CHECK(outcomes(Names::journaled, before, inside) == Outcomes{"text"});
  const auto by_posix = outcomes(Names::by_folder, before, inside);
  CHECK(by_posix == Outcomes{"no folder", "none", "text"});
}

TEST_CASE("a cut under the same seed leaves the same, and a volume goes on after it") {
  const auto after_cut = [](std::uint64_t seed) {
    Volume volume(Names::by_folder);
    for (int i = 0; i < 20; ++i) {
      volume.write(make_file(volume, std::to_string(i)), 0, std::string(10000, 'x'));
    }
    volume.cut(seed);
    std::string all;
    for (const auto& [name, node] : volume.names(root_node)) {
      all += name + "=" + volume.read(node, 0, 1 << 20) + ";";
    }
    const NodeId file = make_file(volume, "later");
    volume.write(file, 0, "text");
    volume.sync(file, false);
    volume.sync(root_node, false);
    volume.cut(seed);
    CHECK(shown(volume, "later") == "text");
    return all;
  };
  std::set<std::string> all;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::string once = after_cut(seed);
    CHECK(after_cut(seed) == once);
    all.insert(once);
  }
  CHECK(all.size() > 5);
}

TEST_CASE("what no file system allows is refused") {
  Volume volume(Names::journaled);
  const NodeId folder = make_folder(volume, "d");
  make_file(volume, "a", folder);
  CHECK_THROWS_AS(volume.unlink(root_node, "d"), Refused);  // not empty
  CHECK_THROWS_AS(volume.find(root_node, "b"), Refused);
  CHECK_THROWS_AS(make_folder(volume, "d"), Refused);
  CHECK_THROWS_AS(volume.rename(root_node, "b", root_node, "c", true), Refused);
  CHECK_THROWS_AS(volume.link(folder, root_node, "e"), Refused);
  CHECK(shown(volume, "a", folder).empty());
}
