#include "api/connections/http_message.h"

#include <algorithm>

#include "domain/letter_case.h"

namespace vsim::api {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) { return lower_case(x) == lower_case(y); };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same);
}

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (equal_ignoring_case(header, name)) {
      return value;
    }
  }
  return {};
}

void HttpRequest::take_body() {
  if (const auto fetch = std::exchange(fetch_body, nullptr)) {
    fetch(*this);
  }
}

const std::string* HttpResponse::header(std::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (equal_ignoring_case(header, name)) {
      return &value;
    }
  }
  return nullptr;
}

std::size_t HttpRequest::count_headers(std::string_view name) const {
  const auto named = [&](const auto& header) { return equal_ignoring_case(header.first, name); };
  return static_cast<std::size_t>(std::count_if(headers.begin(), headers.end(), named));
}

std::string HttpRequest::joined_header(std::string_view name) const {
  std::string joined;
  for (const auto& [header, value] : headers) {
    if (equal_ignoring_case(header, name)) {
      joined += joined.empty() ? "" : ", ";
      joined += value;
    }
  }
  return joined;
}

}  // namespace vsim::api
