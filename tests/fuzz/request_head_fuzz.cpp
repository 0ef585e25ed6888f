// Heads of requests, their lines with bars between them, and lines before chunks: what is read says
// the same when it is written and read again, and holds nothing that another reader could take for
// an end.

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string>
#include <string_view>

#include "api/connections/authority.h"
#include "api/connections/request_head.h"
#include "tests/fuzz/property.h"

namespace {

using namespace vsim;
using fuzz::must_hold;

/// Lines as a connection gives them: CR LF at their ends and no other LF, an empty one at the end.
std::string head_of(std::string_view text) {
  std::string head;
  while (true) {
    const std::string_view line = text.substr(0, text.find('|'));
    const std::size_t before = head.size();
    std::copy_if(line.begin(), line.end(), std::back_inserter(head),
                 [](char c) { return c != '\n'; });
    const bool empty = head.size() == before;
    head += "\r\n";
    if (empty && before > 0) {
      return head;
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

std::string written(const api::RequestHead& head) {
  std::string text = std::string(head.method) + " " + std::string(head.path) +
                     (head.query.empty() ? "" : "?" + std::string(head.query)) + " HTTP/1." +
                     (head.http_1_0 ? "0" : "1") + "\r\n";
  for (const auto& [name, value] : head.headers) {
    text += std::string(name) + ": " + std::string(value) + "\r\n";
  }
  return text + "\r\n";
}

void check_head(const std::string& text) {
  const auto head = api::read_request_head(text);
  if (!head) {
    return must_hold(*head.error().complaint != '\0', "a refusal says why");
  }
  must_hold(head->path.starts_with('/') || (head->path == "*" && head->method == "OPTIONS"),
            "a path begins with a slash");
  must_hold(is_plain(head->path) && is_plain(head->query), "a target has no control characters");
  must_hold(head->authority.empty() || api::read_authority(head->authority).has_value(),
            "a host is one");
  must_hold(!head->chunked || head->body_bytes == 0, "a body has one length");
  for (const auto& [name, value] : head->headers) {
    must_hold(api::is_token(name) && is_plain(value), "a header has a name and a plain value");
  }
  const std::string again = written(*head);
  const auto same = api::read_request_head(again);
  must_hold(same && same->path == head->path && same->headers == head->headers &&
                same->chunked == head->chunked && same->body_bytes == head->body_bytes &&
                same->keeps_open == head->keeps_open &&
                same->awaits_continue == head->awaits_continue,
            "a head is read as it was written");
}

void check_chunk_size(std::string_view line) {
  const auto size = api::read_chunk_size(line);
  must_hold(!size || (is_plain(line) && std::isxdigit(static_cast<unsigned char>(line.front()))),
            "a chunk's size is a number");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_head(head_of(text));
  check_chunk_size(text);
  return 0;
}
