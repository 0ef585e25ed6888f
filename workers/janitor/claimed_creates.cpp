#include "workers/janitor/claimed_creates.h"

#include <algorithm>

#include "schema/messages/command_identity.h"
#include "schema/messages/event_codec.h"

namespace vsim::workers {
namespace {

using read_model::OperationRow;

constexpr std::size_t claims_at_once = 500;

OperationRow row_of(const AddressClaimed& claim) {
  const auto cause =
      claim.cause.value_or(Cause{.command = messages::command_id_of_unnamed_create(claim.server),
                                 .sequence = 0,
                                 .request_hash = {},
                                 .type = std::string(command_type(Action(Create{})))});
  OperationRow row;
  row.id = cause.command.to_string();
  row.type = cause.type;
  row.region = claim.region.name;
  row.server_id = claim.server.to_string();
  row.status = "PENDING";
  row.request_hash = cause.request_hash;
  row.actor = claim.cause ? claim.origin.actor : "janitor";
  row.correlation_id = claim.origin.correlation_id;
  row.account = claim.origin.account;
  row.command_sequence = cause.sequence;
  return row;
}

}  // namespace

eventstore::Result<std::vector<OperationRow>> ClaimedCreates::list() const {
  auto claims = tools_.view.lasting_claims();
  claims.resize(std::min(claims.size(), claims_at_once));
  std::vector<OperationRow> creates;
  for (const auto sequence : claims) {
    const auto message = tools_.store.load(sequence);
    if (!message) {
      return tl::unexpected(message.error());
    }
    if (!*message) {
      continue;
    }
    const auto logged = messages::decode_event(**message);
    if (const auto* claim = logged ? std::get_if<AddressClaimed>(&*logged) : nullptr) {
      creates.push_back(row_of(*claim));
    }
  }
  return creates;
}

}  // namespace vsim::workers
