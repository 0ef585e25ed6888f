#include "tests/harness/scratch_dir.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <stdlib.h>
#include <sys/stat.h>

#include "tests/harness/failure_note.h"

namespace harness {

ScratchDir::ScratchDir(const std::string& name)
    : path_(std::filesystem::temp_directory_path().string() + "/" + name + "-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr || ::chmod(path_.c_str(), 0755) != 0) {
    throw std::runtime_error("make " + path_ + ": " + std::strerror(errno));
  }
}

ScratchDir::~ScratchDir() {
  if (!test_is_failing()) {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
}

}  // namespace harness
