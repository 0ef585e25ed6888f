#include "api/ec2/parameters.h"

#include <algorithm>

#include <simdjson.h>

#include "api/ec2/xml.h"
#include "domain/decimal.h"
#include "schema/http/base64url.h"
#include "schema/http/query_string.h"
#include "schema/messages/instant_text.h"

namespace vsim::ec2 {
namespace {

constexpr std::uint64_t index_max = 999'999'999;
using Pair = std::pair<std::string, std::string>;

bool is_readable(std::string_view text) {
  return simdjson::validate_utf8(text) && text.find('\0') == std::string_view::npos &&
         fits_xml(text);
}

tl::unexpected<Error> malformed(std::string message) {
  return refused(ErrorCode::malformed_query_string, std::move(message));
}

Reply<Pair> read_pair(std::string_view part) {
  const std::size_t equals = std::min(part.find('='), part.size());
  auto name = http::decode_component(part.substr(0, equals));
  auto value = http::decode_component(part.substr(std::min(equals + 1, part.size())));
  if (!name || !value) {
    return malformed("The query string contains a broken escape");
  }
  if (!is_readable(*name) || !is_readable(*value)) {
    return malformed("The query string contains characters that are not UTF-8 or not allowed");
  }
  return Pair(std::move(*name), std::move(*value));
}

Reply<void> read_pairs(std::string_view raw, std::vector<Pair>& pairs) {
  while (!raw.empty()) {
    const std::string_view part = raw.substr(0, raw.find('&'));
    raw.remove_prefix(std::min(part.size() + 1, raw.size()));
    if (part.empty()) {
      continue;
    }
    if (pairs.size() == parameters_max) {
      return refused(ErrorCode::invalid_parameter_value,
                     "The maximum number of parameters specified on a single call is " +
                         std::to_string(parameters_max));
    }
    auto pair = read_pair(part);
    if (!pair) {
      return tl::unexpected(std::move(pair.error()));
    }
    pairs.push_back(std::move(*pair));
  }
  return {};
}

bool equals_in_lower_case(std::string_view text, std::string_view lower) {
  const auto to_lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [&](char one, char other) { return to_lower(one) == other; });
}

/// What stands between `list` and its next dot, as an index, with zeros in front as some write it.
std::optional<std::uint64_t> index_of(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') {
    digits.remove_prefix(1);
  }
  return read_decimal(digits, index_max);
}

}  // namespace

Reply<Parameters> Parameters::read(std::string_view query, std::string_view body) {
  if (query.size() > parameter_bytes_max || body.size() > parameter_bytes_max - query.size()) {
    return refused(ErrorCode::request_too_large, "The parameters of a request may have " +
                                                     std::to_string(parameter_bytes_max) +
                                                     " bytes at most");
  }
  Parameters read;
  for (const std::string_view raw : {query, body}) {
    if (auto done = read_pairs(raw, read.sorted_); !done) {
      return tl::unexpected(std::move(done.error()));
    }
  }
  std::vector<Pair>& pairs = read.sorted_;
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  const auto doubled = std::adjacent_find(
      pairs.begin(), pairs.end(),
      [](const Pair& one, const Pair& other) { return one.first == other.first; });
  if (doubled != pairs.end()) {
    return refused(ErrorCode::invalid_parameter_combination,
                   "The parameter " + doubled->first + " is specified twice, with two values");
  }
  return read;
}

const std::string* Parameters::find_even_empty(std::string_view name) const {
  const auto found = std::lower_bound(
      sorted_.begin(), sorted_.end(), name,
      [](const Pair& pair, std::string_view wanted) { return pair.first < wanted; });
  return found != sorted_.end() && found->first == name ? &found->second : nullptr;
}

const std::string* Parameters::find(std::string_view name) const {
  const std::string* value = find_even_empty(name);
  return value == nullptr || value->empty() ? nullptr : value;
}

std::optional<std::string> Parameters::text(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

Reply<std::string> Parameters::required(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) {
    return missing_parameter(name);
  }
  return *value;
}

Reply<std::optional<bool>> Parameters::boolean(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const bool is_true = equals_in_lower_case(*value, "true");
  if (!is_true && !equals_in_lower_case(*value, "false")) {
    return invalid_value(*value, name);
  }
  return is_true;
}

Reply<bool> Parameters::boolean_or(std::string_view name, bool fallback) const {
  return boolean(name).map([&](const auto& value) { return value.value_or(fallback); });
}

Reply<std::optional<std::uint64_t>> Parameters::integer(std::string_view name,
                                                        std::uint64_t most) const {
  const std::string* value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto number = read_decimal(*value, most);
  if (!number) {
    return invalid_value(*value, name);
  }
  return number;
}

Reply<std::optional<Instant>> Parameters::instant(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto instant = messages::parse_instant(*value);
  if (!instant) {
    return invalid_value(*value, name);
  }
  return instant;
}

Reply<std::optional<std::string>> Parameters::base64(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  auto bytes = http::from_base64(*value);
  if (!bytes) {
    return invalid_value(*value, name);
  }
  return bytes;
}

std::vector<std::string> Parameters::elements(std::string_view list) const {
  const std::string prefix = std::string(list) + ".";
  struct Found {
    std::uint64_t index;
    std::string_view name;
    auto operator<=>(const Found&) const = default;
  };
  std::vector<Found> found;
  auto at = std::lower_bound(
      sorted_.begin(), sorted_.end(), prefix,
      [](const Pair& pair, const std::string& wanted) { return pair.first < wanted; });
  for (; at != sorted_.end() && at->first.starts_with(prefix); ++at) {
    const std::string_view name = at->first;
    const std::string_view whole = name.substr(0, name.find('.', prefix.size()));
    if (const auto index = index_of(whole.substr(prefix.size()))) {
      found.push_back({*index, whole});
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<std::string> names;
  names.reserve(found.size());
  for (const Found& element : found) {
    names.emplace_back(element.name);
  }
  return names;
}

std::vector<std::string> Parameters::list_even_empty(std::string_view name) const {
  std::vector<std::string> texts;
  for (const std::string& element : elements(name)) {
    if (const std::string* value = find_even_empty(element)) {
      texts.push_back(*value);
    }
  }
  return texts;
}

Reply<std::vector<std::string>> Parameters::list(std::string_view name, std::size_t most) const {
  auto texts = list_even_empty(name);
  texts.erase(std::remove(texts.begin(), texts.end(), std::string()), texts.end());
  if (texts.size() > most) {
    return refused(ErrorCode::invalid_parameter_value,
                   "The maximum number of values of " + std::string(name) +
                       " specified on a single call is " + std::to_string(most));
  }
  return texts;
}

}  // namespace vsim::ec2
