#include "api/http_message.h"

#include <algorithm>

namespace vsim::api {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-'; }

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<RequestLine> read_request_line(std::string_view head) {
  const std::string_view line = trimmed(head.substr(0, head.find('\n')));
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return std::nullopt;
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  const bool fits = std::all_of(method.begin(), method.end(), is_letter) && !method.empty() &&
                    target.starts_with('/') && target.find(' ') == std::string_view::npos &&
                    (version == "HTTP/1.1" || version == "HTTP/1.0");
  return fits ? std::optional(RequestLine{method, target.substr(0, target.find('?'))})
              : std::nullopt;
}

std::vector<std::pair<std::string_view, std::string_view>> split_headers(std::string_view head) {
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  headers.reserve(12);
  bool in_request_line = true;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    const std::size_t colon =
        std::exchange(in_request_line, false) ? std::string_view::npos : line.find(':');
    if (colon != std::string_view::npos && colon > 0) {
      headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    }
  }
  return headers;
}

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (equal_ignoring_case(header, name)) {
      return value;
    }
  }
  return {};
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
