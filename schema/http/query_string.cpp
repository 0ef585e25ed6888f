#include "schema/http/query_string.h"

#include <algorithm>
#include <cstdint>

#include <simdjson.h>

#include "domain/decimal.h"
#include "schema/messages/member_names.h"

namespace vsim::http {
namespace {

constexpr std::string_view tag_prefix = "tag.";
constexpr std::string_view tag_parameters = "tag.KEY";

int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::optional<std::string> decode_escapes(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::optional<std::string> decode_component(std::string_view text) {
  std::string blanks(text);
  std::replace(blanks.begin(), blanks.end(), '+', ' ');
  return decode_escapes(blanks);
}

bool is_printable_utf8(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F; };
  return simdjson::validate_utf8(text) && std::none_of(text.begin(), text.end(), is_control);
}

tl::expected<QueryString, std::string> QueryString::parse(std::string_view raw) {
  QueryString query;
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view part = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (part.empty()) {
      continue;
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    auto name = decode_component(part.substr(0, equals));
    auto value = decode_component(part.substr(std::min(equals + 1, part.size())));
    if (!name || !value) {
      return tl::unexpected<std::string>(
          "the query string has a broken escape; write a percent sign as %25");
    }
    if (!is_printable_utf8(*name) || !is_printable_utf8(*value)) {
      return tl::unexpected<std::string>(
          "the query string holds control characters or is no UTF-8");
    }
    if (query.find(*name) != nullptr) {
      return tl::unexpected("\"" + *name + "\" is given twice in the query string; give it once");
    }
    if (query.parameters_.size() == query_parameters_max) {
      return tl::unexpected("the query string has more than " +
                            std::to_string(query_parameters_max) + " parameters");
    }
    query.parameters_.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

const std::string* QueryString::find(std::string_view name) const {
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name) {
      return &value;
    }
  }
  return nullptr;
}

tl::expected<std::uint64_t, std::string> QueryString::number(std::string_view name,
                                                             std::uint64_t least,
                                                             std::uint64_t most,
                                                             std::uint64_t fallback) const {
  const std::string* text = find(name);
  if (text == nullptr) {
    return fallback;
  }
  const auto value = read_decimal(*text, most);
  if (!value || *value < least) {
    return tl::unexpected(std::string(name) + " is \"" + *text + "\"; give a whole number from " +
                          std::to_string(least) + " to " + std::to_string(most) +
                          ", in digits alone and without zeros in front");
  }
  return *value;
}

std::map<std::string, std::string> QueryString::tags() const {
  std::map<std::string, std::string> tags;
  for (const auto& [name, value] : parameters_) {
    if (name.starts_with(tag_prefix)) {
      tags.emplace(name.substr(tag_prefix.size()), value);
    }
  }
  return tags;
}

std::optional<std::string> QueryString::complaint_unless(
    std::initializer_list<std::string_view> known) const {
  for (const auto& parameter : parameters_) {
    const std::string& name = parameter.first;  // clang 14 lets no lambda take a part of a binding
    const bool fits = std::any_of(known.begin(), known.end(), [&](std::string_view one) {
      return one == tag_prefix ? name.starts_with(one) && name.size() > one.size() : name == one;
    });
    if (fits) {
      continue;
    }
    std::vector<std::string_view> names(known);
    std::replace(names.begin(), names.end(), tag_prefix, tag_parameters);
    return "parameter " + messages::unknown_name(name, names);
  }
  return std::nullopt;
}

}  // namespace vsim::http
