#include "api/connections/answer_bytes.h"

#include <algorithm>
#include <iterator>

namespace vsim::api {
namespace {

struct Phrase {
  int status;
  const char* text;
};
/// Of the answers that are given here (RFC 9110, 15); a phrase may be empty.
constexpr Phrase phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

const char* reason_phrase(int status) {
  const auto* const phrase =
      std::find_if(std::begin(phrases), std::end(phrases),
                   [status](const Phrase& known) { return known.status == status; });
  return phrase == std::end(phrases) ? "" : phrase->text;
}

/// 1xx, 204 and 304 have no content, and no length but what a handler gives a 304 (RFC 9110, 8.6).
bool has_content(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

std::string to_bytes(const HttpResponse& answer, const AnswerFraming& framing) {
  std::string bytes;
  bytes.reserve(512 + answer.body.size());
  const auto add = [&bytes](std::string_view name, std::string_view value) {
    bytes.append(name).append(": ").append(value).append("\r\n");
  };
  bytes.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
  bytes.append(reason_phrase(answer.status)).append("\r\n");
  if (framing.close || framing.keep_alive) {
    add("Connection", framing.close ? "close" : "keep-alive");
  }
  const bool endless = answer.take_over != nullptr;  // its end is the connection's (RFC 9112, 6.3)
  if (!answer.body.empty() || endless) {
    add("Content-Type", answer.content_type);
  }
  if (has_content(answer.status) && !endless) {
    add("Content-Length", std::to_string(answer.body.size()));
  }
  for (const auto& [name, value] : answer.headers) {
    add(name, value);
  }
  bytes.append("\r\n");
  if (!framing.head_only && has_content(answer.status)) {
    bytes.append(answer.body);
  }
  return bytes;
}

}  // namespace vsim::api
