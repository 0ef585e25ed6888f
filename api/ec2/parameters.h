#pragma once

// What a request asks for: query string and form body as one set of parameters, lists and
// structures flattened into names such as Filter.1.Value.2. D79

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/ec2/errors.h"
#include "domain/instant.h"

namespace vsim::ec2 {

inline constexpr std::size_t parameters_max = 10'000;
inline constexpr std::size_t parameter_bytes_max = std::size_t{64} * 1024;  // of all, as sent
inline constexpr std::size_t ids_max = 1'000;                               // of one list

/// The parameters of one request. A value; const functions from any thread. An empty value counts
/// as none, as clients send it, but where a function says otherwise. Nobody is told of parameters
/// that no operation reads: clients get new ones faster than vsim.
class Parameters {
 public:
  /// Takes the texts as they were sent. Refuses broken escapes, what is no UTF-8 or cannot stand in
  /// an answer, one name with two values, and what is over the limits.
  static Reply<Parameters> read(std::string_view query, std::string_view body);

  /// Valid as long as this object.
  const std::string* find(std::string_view name) const;
  const std::string* find_even_empty(std::string_view name) const;
  std::optional<std::string> text(std::string_view name) const;
  Reply<std::string> required(std::string_view name) const;

  Reply<std::optional<bool>> boolean(std::string_view name) const;  // true or false, in any case
  Reply<bool> boolean_or(std::string_view name, bool fallback) const;
  Reply<std::optional<std::uint64_t>> integer(std::string_view name, std::uint64_t most) const;
  Reply<std::optional<Instant>> instant(std::string_view name) const;     // ISO 8601, in UTC
  Reply<std::optional<std::string>> base64(std::string_view name) const;  // as its bytes

  /// The names below a list's or a structure's, in the order of their indices, which may begin
  /// anywhere and have gaps: of Filter such as Filter.1, Filter.3.
  std::vector<std::string> elements(std::string_view list) const;

  /// The texts of a list, those that are not empty. An error if there are more than `most`.
  Reply<std::vector<std::string>> list(std::string_view name, std::size_t most = ids_max) const;
  std::vector<std::string> list_even_empty(std::string_view name) const;

  /// In the order of their names, which is fixed for one set of them.
  const std::vector<std::pair<std::string, std::string>>& all() const { return sorted_; }

 private:
  std::vector<std::pair<std::string, std::string>> sorted_;
};

}  // namespace vsim::ec2
