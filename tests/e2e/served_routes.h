#pragma once

// The routes of an API, so that a table of them in a test can be checked to hold all.

#include <set>
#include <string>

namespace e2e {

/// "GET /servers/{id}": those that the API counts requests of, which are all it has. `metrics` is
/// its page.
std::set<std::string> served_routes(const std::string& metrics);

/// The text with the first such word, as `{id}` in a route's pattern, replaced.
std::string filled(std::string text, const std::string& word, const std::string& value);

}  // namespace e2e
