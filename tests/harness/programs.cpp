#include "tests/harness/programs.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/loopback.h"

namespace harness {
namespace {

bool executable(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

bool can_listen(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool bound =
      ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::listen(socket, 1) == 0;
  ::close(socket);
  return bound;
}

/// Takes the port for this process until it ends, among all tests of this machine: a lock on one
/// byte of a file. False when another one has it. Where there is no such file, nobody is asked.
bool reserve(std::uint16_t port) {
  static const int ports = ::open("/tmp/vsim-test-ports", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  struct flock byte{};
  byte.l_type = F_WRLCK;
  byte.l_whence = SEEK_SET;
  byte.l_start = port;
  byte.l_len = 1;
  return ::fcntl(ports, F_SETLK, &byte) == 0 || (errno != EAGAIN && errno != EACCES);
}

int first_outgoing_port() {
  int first = 32768;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first;
  return first;
}

}  // namespace

std::string find_program(const std::string& variable, const std::string& name) {
  if (const char* path = std::getenv(variable.c_str()); path != nullptr && *path != '\0') {
    if (executable(path)) {
      return path;
    }
    throw std::runtime_error(fmt::format("{}={} is no program", variable, path));
  }
  const char* search = std::getenv("PATH");
  std::istringstream folders(search != nullptr ? search : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (executable(folder + "/" + name)) {
      return folder + "/" + name;
    }
  }
  const std::string built = source_dir() + "/.run/tools/bin/" + name;
  if (executable(built)) {
    return built;
  }
  throw std::runtime_error(
      fmt::format("no {}: neither {} nor the PATH nor {} has it; `ops/test` puts it there", name,
                  variable, built));
}

std::string product_program(const std::string& name) {
  const std::string path = std::string(VSIM_BIN_DIR) + "/" + name;
  if (!executable(path)) {
    throw std::runtime_error(fmt::format("no {}: build all targets first", path));
  }
  return path;
}

std::string swagger_dir() {
  const char* given = std::getenv("VSIM_SWAGGER_DIR");
  std::string folder = given != nullptr ? given : source_dir() + "/.run/tools/swagger-ui";
  if (::access((folder + "/swagger-ui-bundle.js").c_str(), R_OK) != 0) {
    throw std::runtime_error(fmt::format("no Swagger UI in {}; `ops/test` puts it there", folder));
  }
  return folder;
}

std::string source_dir() { return VSIM_SOURCE_DIR; }

std::uint16_t free_port() {
  static std::mt19937 chance{std::random_device{}()};
  const int low = std::max(10000, first_outgoing_port() - 12000);
  std::uniform_int_distribution<int> draw(low, low + 11999);
  for (int attempt = 0; attempt < 200; ++attempt) {
    const auto port = static_cast<std::uint16_t>(draw(chance));
    if (reserve(port) && can_listen(port)) {
      return port;
    }
  }
  throw std::runtime_error(fmt::format("no free port from {} in 200 tries", low));
}

}  // namespace harness
