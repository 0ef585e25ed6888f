#include "tests/benchmark/machine.h"

#include <cstdio>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/harness/shell_quoted.h"

namespace vsim::bench {
namespace {

using harness::shell_quoted;

/// The value behind the first "name: value" line of a file.
std::string field_of(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && line.compare(0, name.size(), name) == 0) {
      const std::size_t value = line.find_first_not_of(" \t", colon + 1);
      return value == std::string::npos ? "" : line.substr(value);
    }
  }
  return "?";
}

std::string operating_system() {
  std::ifstream file("/etc/os-release");
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, 13, "PRETTY_NAME=\"") == 0) {
      return line.substr(13, line.size() - 14);
    }
  }
  return "?";
}

}  // namespace

std::string output_of(const std::string& command) {
  std::string output;
  if (FILE* pipe = ::popen(("{ " + command + "; } 2>&1").c_str(), "r"); pipe != nullptr) {
    char bytes[4096];
    while (const std::size_t got = std::fread(bytes, 1, sizeof bytes, pipe)) {
      output.append(bytes, got);
    }
    ::pclose(pipe);
  }
  while (!output.empty() && output.back() == '\n') {
    output.pop_back();
  }
  return output;
}

std::vector<std::pair<std::string, std::string>> describe_machine(const std::string& nats_url,
                                                                  const std::string& database_url) {
  utsname kernel{};
  ::uname(&kernel);
  double memory_kb = 0;
  std::istringstream(field_of("/proc/meminfo", "MemTotal")) >> memory_kb;
  const std::string host_and_port = nats_url.substr(nats_url.find_last_of("/@") + 1);
  const std::size_t colon = host_and_port.find(':');
  const std::string greeting = output_of(fmt::format(
      "timeout 2 bash -c {}",
      shell_quoted(fmt::format("head -n 1 < /dev/tcp/{}/{}", host_and_port.substr(0, colon),
                               host_and_port.substr(colon + 1)))));
  const std::size_t version = greeting.find("\"version\":\"");
  const std::string nats =
      version == std::string::npos
          ? "?"
          : greeting.substr(version + 11, greeting.find('"', version + 11) - version - 11);
  return {
      {"processor", fmt::format("{}, {} cores", field_of("/proc/cpuinfo", "model name"),
                                ::sysconf(_SC_NPROCESSORS_ONLN))},
      {"memory", fmt::format("{:.0f} GB", memory_kb / 1048576)},
      {"system", fmt::format("{}, Linux {}", operating_system(), kernel.release)},
      {"nats-server", nats},
      {"Postgres", output_of("psql -XAtc 'show server_version' " + shell_quoted(database_url) +
                             " 2>/dev/null || echo '?'")},
      {"compiler", "g++ " __VERSION__},
  };
}

double resident_megabytes(int pid) {
  double kilobytes = 0;
  std::istringstream(field_of(fmt::format("/proc/{}/status", pid), "VmRSS")) >> kilobytes;
  return kilobytes / 1024;
}

}  // namespace vsim::bench
