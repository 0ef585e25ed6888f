#include "tests/golden/golden_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "schema/messages/instant_text.h"

namespace vsim::golden {
namespace {

const std::string folder = VSIM_SOURCE_DIR "/tests/golden";

std::string file_name(const std::string& type, int number) {
  return folder + "/" + type + "." + std::to_string(number) + ".txt";
}

// The part of a line behind its first word.
std::string rest_of(const std::string& line, std::string_view word) {
  return line.substr(2 + word.size() + 1);
}

void read_line(const std::string& line, Entry& entry) {
  auto& message = entry.message;
  if (line.starts_with("  subject ")) {
    message.subject = rest_of(line, "subject");
  } else if (line.starts_with("  stored_at ")) {
    message.stored_at = eventstore::parse_timestamp(rest_of(line, "stored_at"));
    REQUIRE(message.stored_at != eventstore::Timestamp{});
  } else if (line.starts_with("  header ")) {
    const auto header = rest_of(line, "header");
    const auto colon = header.find(": ");
    REQUIRE(colon != std::string::npos);
    message.headers.push_back({header.substr(0, colon), header.substr(colon + 2)});
  } else if (line.starts_with("  payload ")) {
    message.payload = rest_of(line, "payload");
  } else {
    FAIL("no line of a golden file: ", line);
  }
}

}  // namespace

std::vector<std::string> files_of(const std::string& type) {
  std::vector<std::string> files;
  for (int number = 1; std::filesystem::exists(file_name(type, number)); ++number) {
    files.push_back(file_name(type, number));
  }
  return files;
}

std::string next_file(const std::string& type) {
  return file_name(type, static_cast<int>(files_of(type).size()) + 1);
}

std::vector<Entry> read_file(const std::string& path) {
  std::ifstream in(path);
  REQUIRE(in);
  std::vector<Entry> entries;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with("#")) {
      continue;
    }
    if (!line.starts_with("  ")) {
      entries.push_back({.name = line, .message = {}});
      entries.back().message.sequence = 42;
      continue;
    }
    REQUIRE_FALSE(entries.empty());
    read_line(line, entries.back());
  }
  return entries;
}

void write_file(const std::string& path, const std::vector<Case>& cases) {
  REQUIRE_FALSE(std::filesystem::exists(path));
  std::ofstream out(path);
  const char* gap = "";
  for (const auto& one : cases) {
    const auto& message = one.message;
    out << gap << one.name << "\n  subject " << message.subject << "\n";
    if (message.stored_at != eventstore::Timestamp{}) {
      out << "  stored_at " << messages::format_stamp(message.stored_at) << "\n";
    }
    for (const auto& header : message.headers) {
      out << "  header " << header.name << ": " << header.value << "\n";
    }
    out << "  payload " << message.payload << "\n";
    gap = "\n";
  }
  REQUIRE(out.good());
}

std::vector<std::string> types_on_disk() {
  std::set<std::string> types;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".txt")) {
      const auto stem = name.substr(0, name.size() - 4);
      types.insert(stem.substr(0, stem.rfind('.')));
    }
  }
  return {types.begin(), types.end()};
}

}  // namespace vsim::golden
