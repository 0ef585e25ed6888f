#include "tests/e2e/served_routes.h"

#include <sstream>

namespace e2e {

std::set<std::string> served_routes(const std::string& metrics) {
  std::set<std::string> served;
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    const auto value_of = [&line](const std::string& label) {
      const auto from = line.find(label + "=\"") + label.size() + 2;
      return line.substr(from, line.find('"', from) - from);
    };
    if (line.starts_with("vsim_http_requests_total{") && value_of("route") != "none") {
      served.insert(value_of("method") + " " + value_of("route"));
    }
  }
  return served;
}

std::string filled(std::string text, const std::string& word, const std::string& value) {
  if (const auto at = text.find(word); at != std::string::npos) {
    text.replace(at, word.size(), value);
  }
  return text;
}

}  // namespace e2e
