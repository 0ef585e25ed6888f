#include "schema/http/key_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vsim::http {
namespace {

class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      // A pipe without a writer would hold up whoever opens it.
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// False, with errno, when it cannot be read.
bool read_all(int descriptor, std::string& text) {
  char buffer[16 * 1024];
  while (text.size() <= key_file_bytes_max) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return count == 0;
    }
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return true;
}

/// `forbidden` are rights that others than the owner may not have; `what` says so.
tl::expected<std::optional<std::string>, std::string> load(const std::string& path,
                                                           mode_t forbidden,
                                                           const std::string& what) {
  const auto wrong = [&path](const std::string& why) { return tl::unexpected(path + ": " + why); };
  const OpenFile file(path);
  if (file.descriptor() < 0) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    return wrong("cannot be read: " + std::string(std::strerror(errno)));
  }
  struct stat about{};
  if (::fstat(file.descriptor(), &about) != 0 || !S_ISREG(about.st_mode)) {
    return wrong("is no file");
  }
  if ((about.st_mode & forbidden) != 0) {
    return wrong("may be " + what + " by others than its owner; chmod 600 it");
  }
  std::string text;
  if (!read_all(file.descriptor(), text)) {
    return wrong("cannot be read: " + std::string(std::strerror(errno)));
  }
  if (text.size() > key_file_bytes_max) {
    return wrong("is over " + std::to_string(key_file_bytes_max / 1024) + " KiB");
  }
  return text;
}

}  // namespace

tl::expected<std::optional<std::string>, std::string> load_key_file(const std::string& path) {
  return load(path, S_IWGRP | S_IWOTH, "written");
}

tl::expected<std::optional<std::string>, std::string> load_secret_file(const std::string& path) {
  return load(path, S_IRWXG | S_IRWXO, "read or written");
}

}  // namespace vsim::http
