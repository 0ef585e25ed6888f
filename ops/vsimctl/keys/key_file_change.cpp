#include "ops/vsimctl/keys/key_file_change.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops/process/descriptor.h"
#include "schema/http/key_file.h"

namespace vsim::vsimctl {
namespace {

using process::Descriptor;

constexpr mode_t only_its_owner = S_IRUSR | S_IWUSR;
constexpr std::chrono::seconds lock_wait_max{10};  // others hold it for milliseconds
constexpr std::chrono::milliseconds lock_look_interval{20};

tl::unexpected<std::string> system_failed(const std::string& what) {
  return failed(fmt::format("cannot {}: {}", what, std::strerror(errno)));
}

Descriptor open_file(const std::string& path, int flags) {
  return Descriptor(::open(path.c_str(), flags | O_CLOEXEC, only_its_owner));
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// So that the API can read on what root has changed.
bool keep_owner(int descriptor, const std::string& of) {
  struct stat about{};
  if (::stat(of.c_str(), &about) != 0) {
    return errno == ENOENT;
  }
  return about.st_uid == ::geteuid() || ::fchown(descriptor, about.st_uid, about.st_gid) == 0;
}

/// The new text beside the old, on the disk, and then in its place.
tl::expected<void, std::string> replace(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  {
    const Descriptor file = open_file(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    if (!file.is_open() || ::fchmod(file.number(), only_its_owner) != 0 ||
        !keep_owner(file.number(), path) || !write_all(file.number(), text) ||
        ::fsync(file.number()) != 0) {
      return system_failed("write " + beside);
    }
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0) {
    return system_failed("replace " + path);
  }
  const auto folder = std::filesystem::absolute(path).parent_path().string();
  const Descriptor directory = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!directory.is_open() || ::fsync(directory.number()) != 0) {
    return system_failed("sync the folder of " + path + ", whose content is new");
  }
  return {};
}

tl::expected<void, std::string> take_lock(const Descriptor& lock, const std::string& path) {
  const auto give_up = std::chrono::steady_clock::now() + lock_wait_max;
  while (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return system_failed("lock " + path);
    }
    if (std::chrono::steady_clock::now() > give_up) {
      return failed(
          fmt::format("another process has held the lock {} for {} s; is there a "
                      "\"vsimctl keys\" that is stopped?",
                      path, lock_wait_max.count()));
    }
    std::this_thread::sleep_for(lock_look_interval);
  }
  return {};
}

}  // namespace

tl::expected<KeyFile, std::string> read_key_file(const std::string& path) {
  const auto text = http::load_key_file(path);
  if (!text) {
    return failed(text.error());
  }
  if (!*text) {
    return KeyFile{};
  }
  auto keys = http::read_keys(**text);
  if (!keys) {
    return failed(path + ": " + keys.error());
  }
  return KeyFile{true, std::move(*keys)};
}

tl::expected<void, std::string> change_key_file(
    const std::string& path,
    const std::function<tl::expected<void, std::string>(std::vector<http::ApiKey>&)>& change) {
  const Descriptor lock = open_file(path + ".lock", O_RDWR | O_CREAT);
  if (!lock.is_open()) {
    return failed(fmt::format("{}: {}; KEYS_FILE must lie in a folder that is there and yours",
                              path, std::strerror(errno)));
  }
  if (auto taken = take_lock(lock, path + ".lock"); !taken) {
    return taken;
  }
  auto file = read_key_file(path);
  if (!file) {
    return failed(file.error());
  }
  if (auto changed = change(file->keys); !changed) {
    return changed;
  }
  return replace(path, http::render_keys(file->keys));
}

}  // namespace vsim::vsimctl
