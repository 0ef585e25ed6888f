#pragma once

// In which line of a JSON document a member stands, for people who have to correct it.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace vsim::messages {

class JsonLines {
 public:
  explicit JsonLines(std::string_view json);

  /// The line, counted from 1, where the member begins that a path such as
  /// "delays.create[1].weight" leads to; where there is none, that of what would hold it.
  std::size_t line_of(std::string path) const;

  /// The line where the document ends, or is no JSON any more.
  std::size_t last_line() const { return line_; }

  /// The line of the first member whose name stands in its object already; 1 where there is none.
  std::size_t line_of_double() const { return double_line_; }

 private:
  bool walk_value(const std::string& path, std::size_t depth);
  bool walk_object(const std::string& path, std::size_t depth);
  bool walk_array(const std::string& path, std::size_t depth);
  bool walk_text();
  bool walk_scalar();
  bool take(char wanted);
  void skip_blanks();

  std::string_view json_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t double_line_ = 1;
  std::string text_;  // the string that was walked over last, escapes as they are
  std::map<std::string, std::size_t> lines_;
};

}  // namespace vsim::messages
