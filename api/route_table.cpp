#include "api/route_table.h"

#include <algorithm>

namespace vsim::api {
namespace {

std::string_view take_word(std::string_view& path) {
  path.remove_prefix(1);  // the slash
  const std::string_view word = path.substr(0, path.find('/'));
  path.remove_prefix(word.size());
  return word;
}

bool is_parameter(std::string_view word) { return word.size() > 2 && word.front() == '{'; }

bool answers(Method method, std::string_view name) {
  return name == name_of(method) || (name == "HEAD" && method == Method::get);
}

}  // namespace

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::remove:
      return "DELETE";
  }
  return "";
}

bool matches(std::string_view pattern, std::string_view path, std::string_view& parameter) {
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const std::string_view expected = take_word(pattern);
    const std::string_view word = take_word(path);
    if (is_parameter(expected) && !word.empty()) {
      parameter = word;
    } else if (word != expected) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

std::optional<RouteTable::Found> RouteTable::find(std::string_view method,
                                                  std::string_view path) const {
  Found found;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    std::string_view parameter;
    if (!matches(routes_[i].pattern, path, parameter)) {
      continue;
    }
    if (answers(routes_[i].method, method)) {
      return Found{&routes_[i], i, parameter, {}};
    }
    found.allow += std::string(name_of(routes_[i].method)) + ", ";
    if (routes_[i].method == Method::get) {
      found.allow += "HEAD, ";
    }
  }
  if (found.allow.empty()) {
    return std::nullopt;
  }
  found.allow += "OPTIONS";
  return found;
}

}  // namespace vsim::api
