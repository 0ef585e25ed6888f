#pragma once

// Writes compact JSON in the order of the calls, so that equal values give equal bytes. // D62

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace vsim::messages {

/// Builds one JSON document. The caller keeps it well-formed: begins and ends in pairs, a key
/// before every member. Not thread-safe.
class JsonWriter {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  void key(std::string_view name) {
    separate();
    append_quoted(name);
    text_ += ':';
    after_key_ = true;
  }

  void string(std::string_view value) {
    separate();
    append_quoted(value);
    first_ = false;
  }

  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  void number(Integer value) {
    separate();
    append_number(value);
  }
  void real(double value) {
    separate();
    append_number(value);  // the shortest text that reads back as the same value
  }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }

  /// Splices text that is JSON already.
  void raw(std::string_view json) {
    separate();
    text_ += json;
    first_ = false;
  }

  void member(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  void member(std::string_view name, Integer value) {
    key(name);
    number(value);
  }

  /// A text, or null where it is empty.
  void member_or_null(std::string_view name, std::string_view value) {
    key(name);
    if (value.empty()) {
      null();
    } else {
      string(value);
    }
  }

  const std::string& text() const { return text_; }
  std::string take() { return std::move(text_); }
  void reserve(std::size_t bytes) { text_.reserve(bytes); }

 private:
  void open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
  }
  void close(char bracket) {
    text_ += bracket;
    first_ = false;
  }
  void separate() {
    if (!after_key_ && !first_) {
      text_ += ',';
    }
    after_key_ = false;
    first_ = false;
  }
  template <typename Number>
  void append_number(Number value) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    text_.append(buffer, static_cast<std::size_t>(end - buffer));
    first_ = false;
  }
  void append_quoted(std::string_view value);

  std::string text_;
  bool first_ = true;       // nothing stands in the open bracket yet
  bool after_key_ = false;  // a value is due
};

}  // namespace vsim::messages
