#include "schema/messages/json_lines.h"

#include <algorithm>

#include <simdjson.h>

#include "schema/messages/json_fields.h"

namespace vsim::messages {

JsonLines::JsonLines(std::string_view json) : json_(json) {
  if (walk_value("", 0)) {
    skip_blanks();
  }
}

std::size_t JsonLines::line_of(std::string path) const {
  while (true) {
    if (const auto found = lines_.find(path); found != lines_.end()) {
      return found->second;
    }
    const auto end = path.find_last_of(".[");
    if (path.empty()) {
      return 1;
    }
    path.resize(end == std::string::npos ? 0 : end);
  }
}

bool JsonLines::walk_value(const std::string& path, std::size_t depth) {
  skip_blanks();
  lines_.emplace(path, line_);
  if (depth > json_depth_max || at_ == json_.size()) {
    return false;
  }
  switch (json_[at_]) {
    case '{':
      return walk_object(path, depth);
    case '[':
      return walk_array(path, depth);
    case '"':
      return walk_text();
    default:
      return walk_scalar();
  }
}

bool JsonLines::walk_object(const std::string& path, std::size_t depth) {
  take('{');
  if (take('}')) {
    return true;
  }
  do {
    skip_blanks();
    const auto line = line_;
    if (!walk_text()) {
      return false;
    }
    const auto member = path.empty() ? text_ : path + "." + text_;
    if (!lines_.emplace(member, line).second && double_line_ == 1) {
      double_line_ = line;
    }
    if (!take(':') || !walk_value(member, depth + 1)) {
      return false;
    }
  } while (take(','));
  return take('}');
}

bool JsonLines::walk_array(const std::string& path, std::size_t depth) {
  take('[');
  if (take(']')) {
    return true;
  }
  std::size_t index = 0;
  do {
    if (!walk_value(path + "[" + std::to_string(index++) + "]", depth + 1)) {
      return false;
    }
  } while (take(','));
  return take(']');
}

bool JsonLines::walk_text() {
  if (!take('"')) {
    return false;
  }
  const auto begin = at_;
  while (at_ < json_.size() && json_[at_] != '"' && json_[at_] != '\n') {
    at_ += json_[at_] == '\\' ? 2 : 1;
  }
  if (at_ >= json_.size()) {
    return false;
  }
  text_ = json_.substr(begin, at_ - begin);
  return take('"');
}

bool JsonLines::walk_scalar() {
  const auto begin = at_;
  at_ = std::min(json_.find_first_of(",]} \t\r\n", at_), json_.size());
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  const simdjson::padded_string scalar(json_.substr(begin, at_ - begin));
  return parser.parse(scalar).get(element) == simdjson::SUCCESS;
}

bool JsonLines::take(char wanted) {
  skip_blanks();
  if (at_ == json_.size() || json_[at_] != wanted) {
    return false;
  }
  ++at_;
  return true;
}

void JsonLines::skip_blanks() {
  for (; at_ < json_.size(); ++at_) {
    const char c = json_[at_];
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
      return;
    }
    line_ += c == '\n' ? 1 : 0;
  }
}

}  // namespace vsim::messages
