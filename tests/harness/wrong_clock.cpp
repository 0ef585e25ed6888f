#include "tests/harness/wrong_clock.h"

#include <filesystem>
#include <stdexcept>

namespace harness {
namespace {

// Debian has it in the folder of the machine's architecture.
std::string find_libfaketime() {
  for (const auto& folder : std::filesystem::directory_iterator("/usr/lib")) {
    const auto library = folder.path() / "faketime" / "libfaketimeMT.so.1";
    if (std::filesystem::exists(library)) {
      return library;
    }
  }
  throw std::runtime_error("there is no libfaketime; install Debian's package faketime");
}

}  // namespace

std::map<std::string, std::string> with_clock(const std::string& offset) {
  return {{"LD_PRELOAD", find_libfaketime()},
          {"FAKETIME", offset},
          {"FAKETIME_DONT_FAKE_MONOTONIC", "1"},
          {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
}

}  // namespace harness
