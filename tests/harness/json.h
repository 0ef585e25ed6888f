#pragma once

// A JSON document for tests: reading a member that does not exist, or has another type, throws an
// error that names it.
// Threads: values; share only for reading.

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace harness {

/// No JSON, or not of the shape that the test expects.
struct JsonError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Json {
 public:
  enum class Kind { null, boolean, integer, real, text, array, object };
  using Member = std::pair<std::string, Json>;

  Json() = default;
  static Json parse(std::string_view text);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool has(std::string_view name) const;

  // Called on a temporary they return copies, so that
  // `for (... : answer.json()["items"].elements())` is safe.
  const Json& operator[](std::string_view name) const&;  // a member of an object
  Json operator[](std::string_view name) && { return std::as_const(*this)[name]; }
  const Json& at(std::size_t index) const&;  // an element of an array
  Json at(std::size_t index) && { return std::as_const(*this).at(index); }
  const std::vector<Json>& elements() const&;
  std::vector<Json> elements() && { return std::as_const(*this).elements(); }
  const std::vector<Member>& members() const&;
  std::vector<Member> members() && { return std::as_const(*this).members(); }
  const std::string& text() const&;
  std::string text() && { return std::as_const(*this).text(); }

  std::size_t size() const;  // elements or members
  std::int64_t integer() const;
  double number() const;  // integer or real; integers of 2^63 and more are reals
  bool boolean() const;

 private:
  friend struct JsonBuilder;
  [[noreturn]] void wrong(std::string_view wanted) const;

  Kind kind_ = Kind::null;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string text_;
  std::vector<Json> elements_;
  std::vector<Member> members_;
};

/// A JSON string literal with quotes, for bodies that tests put together.
std::string json_quoted(std::string_view text);

}  // namespace harness
