#include "api/ec2/filters.h"

#include <algorithm>

#include "api/ec2/wildcards.h"

namespace vsim::ec2 {
namespace {

constexpr std::string_view tag_set = "tagSet";

/// cidr-block as cidrBlock.
std::string spelt_path(std::string_view name) {
  std::string path;
  bool capital = false;
  for (const char c : name) {
    if (c == '-') {
      capital = true;
    } else if (c == '.') {
      path += '/';
    } else {
      path += capital && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      capital = false;
    }
  }
  return path;
}

bool holds_word(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    if (word == wanted) {
      return true;
    }
    words.remove_prefix(std::min(word.size() + 1, words.size()));
  }
  return false;
}

/// The value of the resource's tag, which may be empty; nothing without the tag.
std::vector<std::string_view> tag_values(const Element& resource, std::string_view key) {
  std::vector<std::string_view> values;
  for (const Element& list : resource.children()) {
    if (list.name() != tag_set) {
      continue;
    }
    for (const Element& tag : list.children()) {
      if (tag.children()[0].text() == key) {
        values.push_back(tag.children()[1].text());
      }
    }
  }
  return values;
}

std::vector<std::string_view> values_of(const Filter& filter, const FilterTable& table,
                                        const Element& resource) {
  const std::string_view name = filter.name;
  if (name.starts_with(tag_filter_prefix)) {
    return tag_values(resource, name.substr(tag_filter_prefix.size()));
  }
  return resource.values(table.path_of(name));
}

}  // namespace

bool FilterTable::knows(std::string_view name) const {
  if (name.starts_with(tag_filter_prefix)) {
    return name.size() > tag_filter_prefix.size() && holds_word(names, tag_filter_prefix);
  }
  return !name.empty() && holds_word(names, name);
}

std::string FilterTable::path_of(std::string_view name) const {
  if (name == "tag-key" || name == "tag-value") {
    return name == "tag-key" ? "tagSet/key" : "tagSet/value";
  }
  const auto found = std::find_if(paths.begin(), paths.end(),
                                  [&](const FilterPath& path) { return path.name == name; });
  return found == paths.end() ? spelt_path(name) : std::string(found->path);
}

Reply<std::vector<Filter>> read_filters(const Parameters& parameters, const FilterTable& table) {
  std::vector<Filter> filters;
  std::size_t values = 0;
  for (const std::string& element : parameters.elements("Filter")) {
    Filter filter{parameters.text(element + ".Name").value_or("null"),
                  parameters.list_even_empty(element + ".Value")};
    if (!table.knows(filter.name)) {
      return refused(ErrorCode::invalid_parameter_value,
                     "The filter '" + filter.name + "' is invalid");
    }
    if (filter.patterns.empty()) {
      return missing_parameter(element + ".Value");
    }
    values += filter.patterns.size();
    filters.push_back(std::move(filter));
  }
  if (values > filter_values_max) {
    return refused(ErrorCode::filter_limit_exceeded,
                   "The maximum number of filter values specified on a single call is " +
                       std::to_string(filter_values_max));
  }
  return filters;
}

bool fits(const Filter& filter, const std::vector<std::string_view>& values) {
  const auto fits_one = [&](std::string_view value) {
    return std::any_of(filter.patterns.begin(), filter.patterns.end(),
                       [&](const std::string& pattern) { return matches_pattern(pattern, value); });
  };
  if (values.empty()) {
    return std::find(filter.patterns.begin(), filter.patterns.end(), "") != filter.patterns.end();
  }
  return std::any_of(values.begin(), values.end(), fits_one);
}

bool fits_all(const std::vector<Filter>& filters, const FilterTable& table,
              const Element& resource) {
  return std::all_of(filters.begin(), filters.end(), [&](const Filter& filter) {
    return fits(filter, values_of(filter, table, resource));
  });
}

}  // namespace vsim::ec2
