#include "eventstore/append_wire.h"

#include <fmt/format.h>

namespace vsim::eventstore {

Headers wire_headers(const Append& append) {
  Headers headers = append.headers;
  if (append.expected) {
    headers.push_back(
        {"Nats-Expected-Last-Subject-Sequence", std::to_string(append.expected->last)});
    if (append.expected->filter != append.subject) {
      headers.push_back({"Nats-Expected-Last-Subject-Sequence-Subject", append.expected->filter});
    }
  }
  return headers;
}

std::optional<Error> error_without_stream(const Received& reply) {
  if (find_header(reply.headers, "Status") != "503") {
    return std::nullopt;
  }
  return Error{Error::Kind::unavailable, "no stream takes this subject"};
}

Error append_error(const ApiError& error) {
  const bool conflict = error.err_code == api_error::wrong_last_sequence ||
                        error.err_code == api_error::wrong_last_sequence_bare ||
                        error.err_code == api_error::duplicate_in_batch;
  return {conflict ? Error::Kind::conflict : Error::Kind::unavailable,
          fmt::format("{} ({})", error.description, error.err_code)};
}

Result<Sequence> read_append_reply(const Result<Received>& reply) {
  if (!reply) {
    return tl::unexpected(reply.error());
  }
  if (auto error = error_without_stream(*reply)) {
    return tl::unexpected(std::move(*error));
  }
  const auto answer = read_api_reply(reply->payload);
  if (answer.error) {
    return tl::unexpected(append_error(*answer.error));
  }
  return answer.sequence;
}

}  // namespace vsim::eventstore
