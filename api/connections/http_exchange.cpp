#include "api/connections/http_exchange.h"

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
    {503, "Service Unavailable"},
};

const char* reason_phrase(int status) {
  const auto* const phrase =
      std::find_if(std::begin(phrases), std::end(phrases),
                   [status](const Phrase& known) { return known.status == status; });
  return phrase == std::end(phrases) ? "" : phrase->text;
}

/// 1xx, 204 and 304 have no content, and no length but what a handler gives a 304 (RFC 9110, 8.6).
bool has_content(int status) { return status >= 200 && status != 204 && status != 304; }

struct AnswerFraming {
  bool head_only = false;   // the answer to HEAD: the same head, and nothing behind it
  bool close = false;       // what the header Connection says
  bool keep_alive = false;  // for HTTP/1.0, where closing is the default
};

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
  if (!answer.body.empty()) {
    add("Content-Type", answer.content_type);
  }
  if (has_content(answer.status)) {
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

/// Reads the head into the request; nothing, and the fault set, when there is none.
std::optional<RequestHead> take_head(Connection& connection, HttpRequest& request) {
  const auto refuse = [&](const HeadRefusal& refusal) {
    request.fault = refusal.fault;
    request.complaint = refusal.complaint;
    return std::nullopt;
  };
  auto bytes = connection.take_head();
  if (!bytes) {
    return refuse(bytes.error());
  }
  request.head = std::move(*bytes);
  auto head = read_request_head(request.head);
  if (!head) {
    return refuse(head.error());
  }
  request.method = head->method;
  request.path = head->path;
  request.query = head->query;
  request.authority = head->authority;
  request.headers = std::move(head->headers);
  return std::move(*head);
}

}  // namespace

bool HttpExchange::serve_one(Connection& connection, const std::optional<process::IpAddress>& peer,
                             bool last) {
  HttpRequest request;
  request.peer = peer;
  const auto head = take_head(connection, request);
  const auto take_body = [&](HttpRequest& of) {
    if (auto body = connection.take_body(*head)) {
      of.body = std::move(*body);
    } else {
      of.fault = body.error();
    }
  };
  if (head && head->awaits_continue) {
    request.fetch_body = take_body;
  } else if (head) {
    take_body(request);
  }
  const HttpResponse answer = handler_(request);
  // A client that was sent no "100 Continue" may send the body or not: the next bytes are unclear.
  const bool cut = !head || answer.close || request.fetch_body != nullptr;
  const bool close = cut || last || !head->keeps_open;
  const bool sent = connection.send(to_bytes(
      answer, {request.method == "HEAD", close, head && head->http_1_0 && head->keeps_open}));
  if (cut) {
    connection.linger();
  }
  return sent && !close;
}

std::string HttpExchange::answer_to_fault(Fault fault) const {
  HttpRequest request;
  request.fault = fault;
  return to_bytes(handler_(request), {.close = true});
}

}  // namespace vsim::api
