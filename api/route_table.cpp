#include "api/route_table.h"

#include <algorithm>

#include "schema/http/query_string.h"

namespace vsim::api {
namespace {

std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);  // the slash
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool is_parameter(std::string_view segment) { return segment.size() > 2 && segment.front() == '{'; }

bool answers(Method method, std::string_view name) {
  return name == name_of(method) || (name == "HEAD" && method == Method::get);
}

/// As the header Allow lists it, with what comes along.
std::string to_allow(Method method) {
  return std::string(name_of(method)) + (method == Method::get ? ", HEAD, " : ", ");
}

/// The segment that stands in the pattern's braces, decoded, where the path, as it was sent, has
/// the pattern's form; empty for a pattern without braces. A path with a broken escape has no form.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  std::string parameter;
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const std::string_view expected = take_segment(pattern);
    const std::string_view sent = take_segment(path);
    std::optional<std::string> decoded;
    if (sent.find('%') != std::string_view::npos) {
      decoded = http::decode_escapes(sent);
      if (!decoded) {
        return std::nullopt;
      }
    }
    const std::string_view segment = decoded ? std::string_view(*decoded) : sent;
    if (is_parameter(expected) && !segment.empty()) {
      parameter = segment;
    } else if (segment != expected) {
      return std::nullopt;
    }
  }
  return pattern.empty() && path.empty() ? std::optional(std::move(parameter)) : std::nullopt;
}

}  // namespace

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::remove:
      return "DELETE";
  }
  return "";
}

std::string name_of(const Route& route) {
  return std::string(name_of(route.method)) + " " + route.pattern;
}

std::vector<std::string> names_of(const RouteTable& routes) {
  std::vector<std::string> names;
  for (const Route& route : routes.routes()) {
    names.push_back(name_of(route));
  }
  return names;
}

std::string RouteTable::all_methods() const {
  std::string all;
  for (const Method method : {Method::get, Method::post, Method::put, Method::remove}) {
    const bool taken = std::any_of(routes_.begin(), routes_.end(),
                                   [&](const Route& route) { return route.method == method; });
    all += taken ? to_allow(method) : "";
  }
  return all + "OPTIONS";
}

std::optional<RouteTable::Found> RouteTable::find(std::string_view method,
                                                  std::string_view path) const {
  Found found;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    auto parameter = match(routes_[i].pattern, path);
    if (!parameter) {
      continue;
    }
    if (answers(routes_[i].method, method)) {
      return Found{
          .route = &routes_[i], .index = i, .parameter = std::move(*parameter), .allow = {}};
    }
    found.allow += to_allow(routes_[i].method);
  }
  if (found.allow.empty()) {
    return std::nullopt;
  }
  found.allow += "OPTIONS";
  return found;
}

}  // namespace vsim::api
