// Goal: what programs do to a forgetful disk by system calls is forgotten and kept as on a Volume.
// Method: the disk is mounted, files are written, synced in each way there is, and the power is
// cut. Where no file system may be mounted the test says that it is skipped, and why.

#include "tests/powercut/disk.h"

#include <cstdint>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/child_process.h"
#include "tests/powercut/skip.h"

using powercut::Disk;

namespace {

/// An open file; closed with the object.
class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : file_(::open(path.c_str(), flags, 0644)) {
    REQUIRE(file_ >= 0);
  }
  ~OpenFile() { ::close(file_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  void write(const std::string& text) const {
    REQUIRE(::write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  int number() const { return file_; }

 private:
  int file_;
};

/// Cuts the power under seed after seed until the file holds something else than `text`.
bool lost_under_some_seed(Disk& disk, const std::string& name, const std::string& text) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string path = disk.path() + "/" + name;
    {
      const OpenFile file(path, O_CREAT | O_WRONLY | O_TRUNC);
      file.write(text);
    }
    disk.freeze();
    disk.present(seed);
    if (harness::read_file(path) != text) {
      return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("a power cut takes what was not synced, and nothing that was, in each way of syncing") {
  if (powercut::skipped()) {
    return;
  }
  Disk disk;
  const std::string text(10000, 'x');
  const auto path = [&](const std::string& name) { return disk.path() + "/" + name; };
  CHECK(lost_under_some_seed(disk, "never", text));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const OpenFile whole(path("fsync"), O_CREAT | O_WRONLY | O_TRUNC);
    whole.write(text);
    REQUIRE(::fsync(whole.number()) == 0);
    const OpenFile data(path("fdatasync"), O_CREAT | O_WRONLY | O_TRUNC);
    data.write(text);
    REQUIRE(::fdatasync(data.number()) == 0);
    const OpenFile synced(path("o_sync"), O_CREAT | O_WRONLY | O_TRUNC | O_SYNC);
    synced.write(text);
    const OpenFile data_synced(path("o_dsync"), O_CREAT | O_WRONLY | O_TRUNC | O_DSYNC);
    data_synced.write(text);
    REQUIRE(::rename(path("o_sync").c_str(), path("renamed").c_str()) == 0);
    const OpenFile folder(disk.path(), O_RDONLY | O_DIRECTORY);
    REQUIRE(::fsync(folder.number()) == 0);
    disk.freeze();
    const std::string left = disk.present(seed);
    CAPTURE(left);
    for (const char* name : {"fsync", "fdatasync", "o_dsync", "renamed"}) {
      CAPTURE(name);
      CHECK(harness::read_file(path(name)) == text);
    }
    CHECK(::access(path("o_sync").c_str(), F_OK) != 0);
  }
}

TEST_CASE("a disk that stands still answers nobody, and whoever waits for it can be killed") {
  if (powercut::skipped()) {
    return;
  }
  Disk disk;
  disk.freeze();
  harness::ChildOptions options;
  options.argv = {"/bin/sh", "-c", "echo text >'" + disk.path() + "/a'"};
  harness::ChildProcess writer = harness::ChildProcess::spawn(options);
  CHECK_FALSE(writer.wait(std::chrono::milliseconds(300)));
  writer.kill();
  disk.present(1);
  CHECK(::access((disk.path() + "/a").c_str(), F_OK) != 0);
}
