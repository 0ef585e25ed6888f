#pragma once

// A temporary folder of one test, deleted with the object; kept when the test is failing, for its
// logs. Readable by other users, so that Postgres can use it under another account.

#include <string>

namespace harness {

class ScratchDir {
 public:
  explicit ScratchDir(const std::string& name);
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace harness
