#include "api/connections/http_exchange.h"

#include "api/connections/answer_bytes.h"

namespace vsim::api {
namespace {

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

HttpExchange::Served HttpExchange::serve_one(Connection& connection,
                                             const std::optional<process::IpAddress>& peer,
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
  HttpResponse answer = handler_(request);
  if (answer.cut) {
    return {};
  }
  // A client that was sent no "100 Continue" may send the body or not: the next bytes are unclear.
  const bool cut = !head || answer.close || request.fetch_body != nullptr;
  const bool endless = answer.take_over != nullptr;
  const bool close = cut || last || endless || !head->keeps_open;
  const bool sent = connection.send(to_bytes(
      answer, {request.method == "HEAD", close, head && head->http_1_0 && head->keeps_open}));
  if (cut) {
    connection.linger();
  }
  if (sent && endless && !cut && request.method != "HEAD") {
    return {.open = false, .take_over = std::move(answer.take_over)};
  }
  return {.open = sent && !close};
}

std::string HttpExchange::answer_to_fault(Fault fault) const {
  HttpRequest request;
  request.fault = fault;
  return to_bytes(handler_(request), {.close = true});
}

}  // namespace vsim::api
