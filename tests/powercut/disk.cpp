#include "tests/powercut/disk.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/harness/programs.h"

namespace powercut {
namespace {

constexpr int answer_seconds_max = 60;
constexpr const char* unmounting_program = "/usr/bin/fusermount3";

std::string chosen_names() {
  const char* chosen = std::getenv("VSIM_POWERCUT_NAMES");
  return chosen != nullptr && *chosen != '\0' ? chosen : "journaled";
}

/// Those whose program is gone. fusermount3 unmounts them by itself, unless it was killed too.
void unmount_dead_disks() {
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string source;
    std::string place;
    words >> source >> place;
    struct stat ignored{};
    if (source == "forgetful" && ::stat(place.c_str(), &ignored) != 0 && errno == ENOTCONN) {
      harness::ChildOptions options;
      options.argv = {unmounting_program, "-u", "-z", place};
      harness::run_program(options);
    }
  }
}

}  // namespace

std::optional<std::string> no_disk_here() {
  const int device = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) {
    return std::string("/dev/fuse cannot be used: ") + std::strerror(errno);
  }
  ::close(device);
  if (::access(unmounting_program, X_OK) != 0) {
    return std::string("there is no ") + unmounting_program;
  }
  try {
    harness::product_program("forgetful_disk");
  } catch (const std::runtime_error&) {
    return "forgetful_disk was not built: libfuse3-dev was missing";
  }
  unmount_dead_disks();
  try {
    const Disk probe;
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return std::nullopt;
}

Disk::Disk() : scratch_("vsim-disk"), path_(scratch_.path() + "/disk") {
  std::array<int, 2> ends{};
  if (::mkdir(path_.c_str(), 0755) != 0 ||
      ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::runtime_error(std::string("make a disk: ") + std::strerror(errno));
  }
  orders_ = ends[0];
  const timeval wait{answer_seconds_max, 0};
  ::setsockopt(orders_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  harness::ChildOptions options;
  options.argv = {harness::product_program("forgetful_disk"), path_, chosen_names()};
  options.log_path = scratch_.path() + "/disk.log";
  options.descriptors = {ends[1]};
  process_ = harness::ChildProcess::spawn(options);
  ::close(ends[1]);
  std::array<char, 64> hello{};
  if (::recv(orders_, hello.data(), hello.size(), 0) <= 0) {
    ::close(orders_);
    throw std::runtime_error("no file system can be mounted: " +
                             harness::tail_of(options.log_path, 3));
  }
}

Disk::~Disk() {
  ::close(orders_);  // it unmounts, and ends
  process_.wait(std::chrono::seconds(10));
}

std::string Disk::order(const std::string& words) {
  std::array<char, 512> answer{};
  if (::send(orders_, words.data(), words.size(), MSG_NOSIGNAL) < 0) {
    throw std::runtime_error("the disk is gone:\n" + harness::tail_of(process_.log_path()));
  }
  const ssize_t size = ::recv(orders_, answer.data(), answer.size(), 0);
  if (size <= 0) {
    throw std::runtime_error("the disk does not answer:\n" + harness::tail_of(process_.log_path()));
  }
  return {answer.data(), static_cast<std::size_t>(size)};
}

void Disk::freeze() { order("freeze"); }

std::string Disk::present(std::uint64_t seed) { return order("present " + std::to_string(seed)); }

void Disk::settle() { order("settle"); }

std::size_t Disk::syncs() { return std::stoul(order("syncs")); }

}  // namespace powercut
