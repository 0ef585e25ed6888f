#include "eventstore/server_info.h"

#include <memory>
#include <string>
#include <utility>

#include <netdb.h>
#include <simdjson.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "domain/decimal.h"
#include "eventstore/wait_limits.h"

namespace vsim::eventstore {
namespace {

constexpr std::size_t info_bytes_max = 64 * 1024;
constexpr std::uint64_t version_number_max = 1'000'000;

struct Socket {
  int fd = -1;
  ~Socket() {
    if (fd >= 0) {
      close(fd);
    }
  }
};

bool connect_to(Socket& socket, const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
    return false;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, freeaddrinfo);
  for (const auto* address = found; address != nullptr; address = address->ai_next) {
    socket.fd = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket.fd < 0) {
      continue;
    }
    const timeval patience{std::chrono::floor<std::chrono::seconds>(connect_max).count(), 0};
    setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (::connect(socket.fd, address->ai_addr, address->ai_addrlen) == 0) {
      return true;
    }
    close(socket.fd);
    socket.fd = -1;
  }
  return false;
}

std::string read_line(const Socket& socket) {
  std::string line;
  char buffer[4096];
  const auto give_up = std::chrono::steady_clock::now() + connect_max;
  while (line.find('\n') == std::string::npos && line.size() < info_bytes_max &&
         std::chrono::steady_clock::now() < give_up) {
    const auto got = recv(socket.fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
      break;
    }
    line.append(buffer, static_cast<std::size_t>(got));
  }
  return line.substr(0, line.find('\r'));
}

}  // namespace

Result<ServerInfo> read_server_info(const std::string& host, const std::string& port) {
  Socket socket;
  if (!connect_to(socket, host, port)) {
    return fail(Error::Kind::unavailable, "no broker answers at " + host + ":" + port);
  }
  const auto line = read_line(socket);
  if (line.empty()) {
    return fail(Error::Kind::unavailable,
                "whoever listens at " + host + ":" + port + " says nothing: it may be frozen");
  }
  if (!line.starts_with("INFO ")) {
    return fail(Error::Kind::refused, host + ":" + port + " is no NATS server");
  }
  simdjson::dom::parser parser;
  const auto document = parser.parse(line.substr(5));
  const auto holds = [&](const char* name) {
    bool value = false;
    return document[name].get(value) == simdjson::SUCCESS && value;
  };
  std::string_view version;
  if (document["version"].get(version) != simdjson::SUCCESS) {
    return fail(Error::Kind::refused, host + ":" + port + " tells no version");
  }
  return ServerInfo{std::string(version), holds("tls_required") || holds("tls_available"),
                    holds("tls_verify")};
}

bool version_at_least(const std::string& version, int major, int minor) {
  const auto first = version.find('.');
  if (first == std::string::npos) {
    return false;
  }
  const auto second = version.find_first_not_of("0123456789", first + 1);  // . or - or the end
  const auto found_major = read_decimal(version.substr(0, first), version_number_max);
  const auto found_minor =
      read_decimal(version.substr(first + 1, second - first - 1), version_number_max);
  if (!found_major || !found_minor) {
    return false;
  }
  const std::pair found(static_cast<int>(*found_major), static_cast<int>(*found_minor));
  return found >= std::pair(major, minor);
}

}  // namespace vsim::eventstore
