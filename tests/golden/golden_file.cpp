#include "tests/golden/golden_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "schema/messages/instant_text.h"

namespace vsim::golden {
namespace {

const std::string folder = VSIM_SOURCE_DIR "/tests/golden";

std::string file_name(const std::string& type, int number) {
  return folder + "/" + type + "." + std::to_string(number) + ".txt";
}

[[noreturn]] void wrong(const std::string& path, const std::string& what) {
  throw std::runtime_error(path + ": " + what);
}

// The part of a line behind its first word.
std::string rest_of(const std::string& line, std::string_view word) {
  return line.substr(2 + word.size() + 1);
}

/// False when it is no line of a golden file.
bool read_line(const std::string& line, Entry& entry) {
  auto& message = entry.message;
  if (line.starts_with("  subject ")) {
    message.subject = rest_of(line, "subject");
  } else if (line.starts_with("  stored_at ")) {
    message.stored_at = eventstore::parse_timestamp(rest_of(line, "stored_at"));
    return message.stored_at != eventstore::Timestamp{};
  } else if (line.starts_with("  header ")) {
    const auto header = rest_of(line, "header");
    const auto colon = header.find(": ");
    if (colon == std::string::npos) {
      return false;
    }
    message.headers.push_back({header.substr(0, colon), header.substr(colon + 2)});
  } else if (line.starts_with("  payload ")) {
    message.payload = rest_of(line, "payload");
  } else {
    return false;
  }
  return true;
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
  if (!in) {
    wrong(path, "cannot be read");
  }
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
    if (entries.empty() || !read_line(line, entries.back())) {
      wrong(path, "no line of a golden file: " + line);
    }
  }
  return entries;
}

void write_file(const std::string& path, const std::vector<Case>& cases) {
  if (std::filesystem::exists(path)) {
    wrong(path, "is there already, and is never written over");
  }
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
  if (!out.good()) {
    wrong(path, "cannot be written");
  }
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
