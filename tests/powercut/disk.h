#pragma once

// A forgetful disk of a test: the program forgetful_disk, mounted on a temporary folder, and the
// orders to it. Threads: one.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/harness/child_process.h"
#include "tests/harness/scratch_dir.h"

namespace powercut {

/// Why no such disk can be had here; nothing when it can. Unmounts what an earlier test left.
std::optional<std::string> no_disk_here();

class Disk {
 public:
  /// VSIM_POWERCUT_NAMES: "journaled" or "by_folder" (tests/powercut/README.md).
  Disk();
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  const std::string& path() const { return path_; }

  /// The moment of the power cut: from now on it answers nobody. Whoever uses it must be killed
  /// before present().
  void freeze();
  /// Goes on with what a power cut leaves; tells what was kept and lost.
  std::string present(std::uint64_t seed);
  /// Syncs everything.
  void settle();
  std::size_t syncs();

 private:
  std::string order(const std::string& words);

  harness::ScratchDir scratch_;
  std::string path_;
  int orders_ = -1;
  harness::ChildProcess process_;
};

}  // namespace powercut
