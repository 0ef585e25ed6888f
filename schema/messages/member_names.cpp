#include "schema/messages/member_names.h"

#include <algorithm>
#include <set>
#include <vector>

#include "domain/letter_case.h"

namespace vsim::messages {
namespace {

constexpr std::size_t shown_bytes_max = 64;
constexpr std::size_t left_out_min =
    3;  // letters that must be there of a name without its begin or end

/// The given name as it may stand in a sentence: cut between characters, without controls.
std::string shown(std::string_view given) {
  std::size_t end = std::min(given.size(), shown_bytes_max);
  while (end > 0 && end < given.size() && (static_cast<unsigned char>(given[end]) & 0xc0) == 0x80) {
    --end;
  }
  std::string text(given.substr(0, end));
  for (char& c : text) {
    c = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return text + (end < given.size() ? "..." : "");
}

/// Edits between the two, two swapped neighbours being one (optimal string alignment).
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower_case(a[i - 1]) == lower_case(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower_case(a[i - 1]) == lower_case(b[j - 2]) &&
                           lower_case(a[i - 2]) == lower_case(b[j - 1]);
      if (swapped) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::size_t distance(std::string_view given, std::string_view known) {
  const auto all = edits(given, known);
  if (given.size() < left_out_min || given.size() >= known.size()) {
    return all;
  }
  return std::min({all, 1 + edits(given, known.substr(0, given.size())),
                   1 + edits(given, known.substr(known.size() - given.size()))});
}

std::optional<std::string> find_double_in(const simdjson::dom::element& element) {
  simdjson::dom::object object;
  if (element.get(object) == simdjson::SUCCESS) {
    return find_double(object);
  }
  simdjson::dom::array array;
  if (element.get(array) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  for (const auto one : array) {
    if (auto twice = find_double_in(one)) {
      return twice;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view nearest_name(std::string_view given, Names known) {
  given = given.substr(0, shown_bytes_max);
  const auto nearer = [given](std::string_view a, std::string_view b) {
    return distance(given, a) < distance(given, b);
  };
  const auto nearest = std::min_element(known.begin(), known.end(), nearer);
  return nearest == known.end() ? std::string_view() : *nearest;
}

std::string unknown_name(std::string_view given, Names known) {
  std::string text = "\"" + shown(given) + "\" is not known here; ";
  if (known.empty()) {
    return text + "there is nothing to give";
  }
  if (known.size() == 1) {
    return text + "there is only \"" + std::string(known.front()) + "\"";
  }
  text += "the nearest name is \"" + std::string(nearest_name(given, known)) + "\", and there are ";
  for (std::size_t i = 0; i < known.size(); ++i) {
    text += (i > 0 ? ", " : "") + std::string(known[i]);
  }
  return text;
}

std::optional<std::string> find_unknown_member(const simdjson::dom::object& object, Names known) {
  for (const auto member : object) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      return unknown_name(member.key, known);
    }
  }
  return std::nullopt;
}

std::optional<std::string> find_double(const simdjson::dom::object& object) {
  std::set<std::string_view> names;
  for (const auto member : object) {
    if (!names.insert(member.key).second) {
      return "\"" + shown(member.key) + "\" is given twice";
    }
    if (auto twice = find_double_in(member.value)) {
      return twice;
    }
  }
  return std::nullopt;
}

}  // namespace vsim::messages
