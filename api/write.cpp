#include "api/write.h"

#include <cassert>

#include "schema/messages/command_envelope.h"
#include "schema/messages/command_target.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/request_hash.h"
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

messages::CommandTarget target_of(const Write& write) {
  return messages::target_of(write.region, write.server, write.type);
}

}  // namespace

Write make_write(const Call& call, Write asked, std::string_view path) {
  assert(!asked.type.empty() && !asked.payload.empty());
  assert(!asked.region.name.empty() || asked.any_server);
  // A create's region stands in its subject, neither in its path nor in its payload.
  const bool is_create = asked.type == command_type(Action(Create{}));
  const std::string hashed = is_create ? asked.region.name + "\n" + asked.payload : asked.payload;
  asked.request_hash = messages::request_hash(call.request.method, path, hashed, asked.terms.match);
  asked.request_id = call.request_id;
  asked.actor = call.actor;
  // A create without an account is of the default one, as it always was, and so is a warm pool. Of
  // any other command it is the worker that decides whose the server is, so it is told for whom the
  // caller acts. D94
  const bool makes_its_own = is_create || messages::parse_warm_pool_region(asked.region.name);
  asked.in_name_of = makes_its_own ? beside_owner(asked.account, default_account)
                                   : call.scope.only.value_or(std::string());
  return asked;
}

std::string command_subject(const Write& write) {
  return messages::command_subject(target_of(write));
}

std::string waiting_filter(const Region& region, const std::optional<ServerId>& server,
                           std::string_view type) {
  return server ? messages::any_command_of(*server)
                : messages::command_subject(messages::target_of(region, server, type));
}

std::string outcome_filter(const Write& write) { return messages::outcomes_of(target_of(write)); }

eventstore::Headers headers_of(const Write& write, const std::string& reply_to,
                               const CommandCopy& copy) {
  namespace header = messages::header;
  eventstore::Headers headers = {{std::string(header::message_id), message_id_of(write.id(), copy)},
                                 {std::string(header::command_id), write.id().to_string()},
                                 {std::string(header::request_hash), write.request_hash},
                                 {std::string(header::actor), write.actor},
                                 {std::string(header::correlation_id), write.request_id},
                                 {std::string(header::account), write.in_name_of}};
  if (!reply_to.empty()) {
    headers.push_back({std::string(header::reply_to), reply_to});
  }
  if (copy.attempt > 1) {
    headers.push_back({std::string(header::attempt), std::to_string(copy.attempt)});
  }
  if (write.terms.only_at) {
    headers.push_back(
        {std::string(header::only_at), messages::encode_only_at(*write.terms.only_at)});
    headers.push_back({std::string(header::if_match), write.terms.match});
  }
  // Readers take the next line for the value of a header that has none.
  std::erase_if(headers, [](const eventstore::Header& each) { return each.value.empty(); });
  return headers;
}

bool is_another_request(const std::string& request_hash, const Write& write) {
  return !request_hash.empty() && request_hash != write.request_hash;
}

}  // namespace vsim::api
