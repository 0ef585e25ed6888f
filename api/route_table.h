#pragma once

// Which function answers which path and method. Paths are matched segment by segment, and only then
// are escapes decoded: %2F is a character of its segment and no slash (RFC 3986, 2.2 and 3.3).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "schema/http/api_keys.h"

namespace vsim::api {

enum class Method : std::uint8_t { get, post, put, remove };

struct Route {
  Method method;
  std::string pattern;             // "/servers/{id}/logs": at most one segment in braces
  std::optional<http::Role> role;  // that a key must have; none: open to everybody
  Handler handler;
  /// Of the whole fleet, or of the service itself: not of servers, commands or bills, so it shows
  /// all accounts the same, and takes no ?account=. D94
  bool is_everybodys = false;
};

/// Fixed after construction; any thread.
class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {}

  struct Found {
    const Route* route = nullptr;  // none: the path is known, its method is not
    std::size_t index = 0;         // of the route
    std::string parameter;         // decoded
    std::string allow;             // for the header Allow: the methods that the path has
  };
  /// Nothing when no route has that path. HEAD goes to the route of GET.
  std::optional<Found> find(std::string_view method, std::string_view path) const;

  /// For the header Allow of an answer to OPTIONS *: the methods that some path has.
  std::string all_methods() const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

std::string_view name_of(Method method);  // "DELETE"
std::string name_of(const Route& route);  // "DELETE /servers/{id}"
std::vector<std::string> names_of(const RouteTable& routes);

}  // namespace vsim::api
