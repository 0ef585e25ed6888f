#pragma once

// Log lines with named fields: readable text on a terminal, JSON lines with escaped fields
// elsewhere, always to stderr. Any thread, any time; before set_up() only warnings and errors.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace vsim::log {

enum class Level : std::uint8_t { debug, info, warn, error };
enum class Format : std::uint8_t { text, json };

/// A name and a value. Holds no copy of a text, which must outlive the call that logs it.
class Field {
 public:
  Field(std::string_view name, std::string_view text) : name_(name), text_(text) {}
  Field(std::string_view name, const std::string& text) : name_(name), text_(text) {}
  Field(std::string_view name, const char* text) : name_(name), text_(text) {}
  Field(std::string_view name, bool value)
      : name_(name), text_(value ? "true" : "false"), literal_(true) {}
  Field(std::string_view name, std::integral auto value)
      : name_(name), own_(std::to_string(value)), literal_(true) {}
  Field(std::string_view name, double value);

  std::string_view name() const { return name_; }
  std::string_view text() const { return own_.empty() ? text_ : std::string_view(own_); }
  bool literal() const { return literal_; }  // a number or a boolean: stands without quotes in JSON

 private:
  std::string_view name_;
  std::string_view text_;
  std::string own_;
  bool literal_ = false;
};

using Fields = std::initializer_list<Field>;

/// Once, at the start of main. `program` stands in every JSON line.
void set_up(std::string program, Level level, Format format);

/// Whether lines of this level are written; for fields that cost something to make.
bool enabled(Level level);

void write(Level level, std::string_view message, Fields fields);

inline void debug(std::string_view message, Fields fields = {}) {
  write(Level::debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
  write(Level::info, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
  write(Level::warn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
  write(Level::error, message, fields);
}

/// The line of a message as it is written in either format; the text format stamps no time.
std::string format_line(Format format, std::string_view program, Level level,
                        std::string_view message, Fields fields, std::string_view time);

}  // namespace vsim::log
