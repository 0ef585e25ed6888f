#pragma once

// Reads members of a JSON object, remembering the first that is missing or of the wrong type, so
// that a reader can be written straight down and asked once at its end whether all was well. D62

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include "domain/ids.h"
#include "domain/instant.h"

namespace vsim::messages {

/// Bytes of a JSON document that vsim reads, and how deep it may nest.
inline constexpr std::size_t json_bytes_max = 256 * 1024;
inline constexpr std::size_t json_depth_max = 32;
/// The longest span of time in one, forwards or back: ten thousand years, more than there are.
inline constexpr std::chrono::seconds span_max = std::chrono::years(10'000);

/// Valid as long as the parser that made the object. Not thread-safe.
class Fields {
 public:
  Fields(simdjson::dom::object object, std::string& error) : object_(object), error_(error) {}

  bool has(std::string_view name) const;

  // The value of a member that must be there; a neutral one after an error.
  std::string_view text(std::string_view name) const;
  std::uint64_t count(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  bool boolean(std::string_view name) const;
  Instant instant(std::string_view name) const;
  Duration milliseconds(std::string_view name) const;
  std::chrono::seconds seconds(std::string_view name) const;
  Uuid uuid(std::string_view name) const;
  Ipv4 ip(std::string_view name) const;
  Fields object(std::string_view name) const;
  simdjson::dom::array array(std::string_view name) const;

  /// A name of an enumeration, read by its own function.
  template <typename Read>
  auto named(std::string_view name, Read&& read) const {
    const auto found = read(text(name));
    if (!found) {
      complain(name, "has an unknown value");
    }
    return found.value_or(typename decltype(read(std::string_view()))::value_type{});
  }

  /// Calls `read` with the fields of each object in the member's array; what is no object is
  /// complained of.
  template <typename Read>
  void each_object(std::string_view name, Read&& read) const {
    for (const auto element : array(name)) {
      simdjson::dom::object object;
      if (element.get(object) != simdjson::SUCCESS) {
        return complain(name, "must hold objects only");
      }
      read(Fields(object, error_));
    }
  }

  void complain(std::string_view name, std::string_view what) const;
  /// The same with a whole sentence.
  void complain(std::string sentence) const {
    if (error_.empty()) {
      error_ = std::move(sentence);
    }
  }
  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  /// By value, so that a loop may run over the object of a temporary.
  simdjson::dom::object raw() const { return object_; }

 private:
  simdjson::dom::object object_;
  std::string& error_;
};

/// Parses a document whose root is an object; nothing and `error` when it is none. The object lives
/// until the next call on this thread.
std::optional<simdjson::dom::object> parse_object(std::string_view json, std::string& error);

}  // namespace vsim::messages
