#pragma once

// A Volume shown as a file system by FUSE. Nothing is cached by the kernel, so that each write and
// sync arrives here, and a cut is seen at once.
// Threads: one.

#include <memory>
#include <string>

#include "tests/powercut/volume.h"

struct fuse_session;

namespace powercut {

class VolumeMount {
 public:
  /// Mounts it; throws std::runtime_error. Other users may use it where the caller is root. It is
  /// unmounted with the object, or by fusermount3 when this process ends in any other way.
  VolumeMount(Volume& volume, const std::string& mount_point);
  ~VolumeMount();
  VolumeMount(const VolumeMount&) = delete;
  VolumeMount& operator=(const VolumeMount&) = delete;

  /// Readable while requests wait.
  int descriptor() const;
  /// Serves one request. False: it is no longer mounted.
  bool serve();

 private:
  struct SessionDeleter {
    void operator()(fuse_session* session) const;
  };
  std::unique_ptr<fuse_session, SessionDeleter> session_;
  bool mounted_ = false;
};

}  // namespace powercut
