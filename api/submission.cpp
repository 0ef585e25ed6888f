#include "api/submission.h"

#include "schema/messages/command_codec.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"

namespace vsim::api {
namespace {

std::string message_id_of(const CommandId& id, const CommandCopy& copy) {
  std::string message_id = id.to_string();
  if (copy.undone > 0) {
    message_id += "-after-" + std::to_string(copy.undone);
  }
  if (copy.suffix > 0) {
    message_id += "-r" + std::to_string(copy.suffix);
  }
  return message_id;
}

}  // namespace

eventstore::Headers headers_of(const Submission& submission, const std::string& reply_to,
                               const CommandCopy& copy) {
  namespace header = messages::header;
  eventstore::Headers headers = {
      {std::string(header::message_id), message_id_of(submission.id, copy)},
      {std::string(header::command_id), submission.id.to_string()},
      {std::string(header::request_hash), submission.request_hash},
      {std::string(header::actor), submission.actor},
      {std::string(header::correlation_id), submission.request_id}};
  if (!reply_to.empty()) {
    headers.push_back({std::string(header::reply_to), reply_to});
  }
  if (copy.attempt > 1) {
    headers.push_back({std::string(header::attempt), std::to_string(copy.attempt)});
  }
  if (submission.only_at) {
    headers.push_back(
        {std::string(header::only_at), messages::encode_only_at(*submission.only_at)});
    headers.push_back({std::string(header::if_match), submission.match});
  }
  // Readers take the next line for the value of a header that has none.
  std::erase_if(headers, [](const eventstore::Header& each) { return each.value.empty(); });
  return headers;
}

bool takes_turns(const Submission& submission) {
  const auto target = messages::parse_command_subject(submission.subject);
  return target && target->kind != messages::CommandTarget::Kind::server;
}

bool is_another_request(const std::string& request_hash, const Submission& submission) {
  return !request_hash.empty() && request_hash != submission.request_hash;
}

}  // namespace vsim::api
