#include "schema/messages/command_codec.h"

#include "domain/account.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/clock_codec.h"
#include "schema/messages/command_complaint.h"
#include "schema/messages/command_envelope.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/faults_codec.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/pool_codec.h"
#include "schema/messages/region_codec.h"
#include "schema/messages/request_hash.h"
#include "schema/messages/subjects.h"
#include "schema/messages/warm_pool_codec.h"

namespace vsim::messages {
namespace {

using eventstore::find_header;

CommandHead head_of(const eventstore::Message& message, const Envelope& envelope) {
  return {.id = envelope.id,
          .sequence = message.sequence,
          .request_hash = envelope.request_hash,
          .origin = envelope.origin};
}

// Of a command for no server that is there: without an account it is of the default one, and with
// that written out it is the same.
CommandHead head_without_server(const eventstore::Message& message, const Envelope& envelope) {
  auto head = head_of(message, envelope);
  head.origin.account = beside_owner(head.origin.account, default_account);
  return head;
}

tl::expected<DecodedCommand, std::string> decode_pool_command(const eventstore::Message& message,
                                                              const Envelope& envelope,
                                                              const Region& region) {
  std::string error;
  const auto object = parse_object(message.payload, error);
  if (!object) {
    return tl::unexpected(error);
  }
  const Fields fields(*object, error);
  if (fields.text("type") != "extend_pool") {
    return poison("\"type\" of a pool command must be extend_pool");
  }
  auto ranges = read_ranges_as_given(fields);
  if (!ranges) {
    return tl::unexpected(ranges.error());
  }
  ExtendPool command{head_without_server(message, envelope), region, std::move(*ranges)};
  DecodedCommand decoded;
  decoded.complaint = complaint_about(message, *object, command);
  if (decoded.complaint.empty()) {
    decoded.complaint = unusable(command.ranges.front()).value_or("");
  }
  decoded.command = std::move(command);
  decoded.may_be_repeat = envelope.may_be_repeat;
  return decoded;
}

tl::expected<DecodedCommand, std::string> decode_region_command(const eventstore::Message& message,
                                                                const Envelope& envelope,
                                                                const Region& region) {
  std::string error;
  const auto object = parse_object(message.payload, error);
  if (!object) {
    return tl::unexpected(error);
  }
  auto action = read_region_action(Fields(*object, error));
  if (!action) {
    return tl::unexpected(action.error());
  }
  DecodedCommand decoded;
  decoded.complaint = complaint_about(message, *object, *action);
  decoded.command =
      RegionCommand{head_without_server(message, envelope), region, std::move(*action)};
  decoded.may_be_repeat = envelope.may_be_repeat;
  return decoded;
}

tl::expected<DecodedCommand, std::string> decode_clock_command(const eventstore::Message& message,
                                                               const Envelope& envelope) {
  std::string error;
  const auto object = parse_object(message.payload, error);
  if (!object) {
    return tl::unexpected(error);
  }
  const auto action = read_clock_action(Fields(*object, error));
  if (!error.empty()) {
    return tl::unexpected(error);
  }
  DecodedCommand decoded;
  decoded.complaint = complaint_about(message, *object, action);
  const auto why = out_of_range(action);
  if (why && decoded.complaint.empty()) {
    decoded.complaint = "\"scale\" is out of range: " + *why;
  }
  decoded.command = ClockCommand{head_without_server(message, envelope), action};
  decoded.may_be_repeat = envelope.may_be_repeat;
  return decoded;
}

tl::expected<DecodedCommand, std::string> decode_faults_command(const eventstore::Message& message,
                                                                const Envelope& envelope) {
  std::string error;
  const auto object = parse_object(message.payload, error);
  if (!object) {
    return tl::unexpected(error);
  }
  auto action = read_faults_action(Fields(*object, error));
  if (!error.empty()) {
    return tl::unexpected(error);
  }
  DecodedCommand decoded;
  decoded.complaint = complaint_about(message, *object, action);
  decoded.command = FaultsCommand{head_without_server(message, envelope), std::move(action)};
  decoded.may_be_repeat = envelope.may_be_repeat;
  return decoded;
}

// The subject says whose the pool is, so a header may only say the same.
tl::expected<DecodedCommand, std::string> decode_warm_pool_command(
    const eventstore::Message& message, const Envelope& envelope, const WarmPoolId& pool) {
  std::string error;
  const auto object = parse_object(message.payload, error);
  if (!object) {
    return tl::unexpected(error);
  }
  auto action = read_warm_pool_action(Fields(*object, error));
  if (!action) {
    return tl::unexpected(action.error());
  }
  const auto& account = envelope.origin.account;
  if (!account.empty() && account != pool.account) {
    return poison("header Vsim-Account names another account than the subject, which would be " +
                  warm_pool_command({account, pool.name}));
  }
  DecodedCommand decoded;
  decoded.complaint = complaint_about(message, *object, *action);
  decoded.command = WarmPoolCommand{head_of(message, envelope), pool, std::move(*action)};
  std::get<WarmPoolCommand>(decoded.command).origin.account.clear();
  decoded.may_be_repeat = envelope.may_be_repeat;
  return decoded;
}

// A pool's number is taken under one id alone, so nobody takes it beside the replenishers. D95
std::optional<std::string> misplaced(const Create& create, const CommandHead& head,
                                     const ServerId& server) {
  if (!create.warm) {
    return std::nullopt;
  }
  const WarmPoolId pool{
      head.origin.account.empty() ? std::string(default_account) : head.origin.account,
      create.warm->pool};
  const auto id = command_id_of_warm_create(pool, create.warm->number);
  if (create.warm->number > warm_number_max) {
    return "\"number\" must not be above " + std::to_string(warm_number_max);
  }
  if (head.id == id && server == server_id_of_create(id)) {
    return std::nullopt;
  }
  return "\"warm_pool\" is for the replenisher's creates alone, whose ids are made of pool and "
         "number; to have a server of a pool, acquire one";
}

tl::expected<DecodedCommand, std::string> decode_server_command(const eventstore::Message& message,
                                                                const Envelope& envelope,
                                                                const CommandTarget& target) {
  std::string error;
  const auto object = parse_object(message.payload, error);
  if (!object) {
    return tl::unexpected(error);
  }
  auto action = read_action(Fields(*object, error));
  if (!error.empty()) {
    return tl::unexpected(error);
  }
  auto only_at = read_only_at(message.headers);
  if (!only_at) {
    return tl::unexpected(only_at.error());
  }
  DecodedCommand decoded;
  decoded.complaint = complaint_about(message, *object, *action);
  const auto* create = std::get_if<Create>(&*action);
  auto head =
      create != nullptr ? head_without_server(message, envelope) : head_of(message, envelope);
  if (create != nullptr) {
    if (auto why = misplaced(*create, head, target.server)) {
      return tl::unexpected(std::move(*why));
    }
  }
  decoded.command = Command{std::move(head), target.region, target.server, std::move(*action),
                            std::move(*only_at)};
  decoded.may_be_repeat = envelope.may_be_repeat;
  return decoded;
}

tl::expected<DecodedCommand, std::string> decode_for(const CommandTarget& target,
                                                     const eventstore::Message& message,
                                                     const Envelope& envelope) {
  switch (target.kind) {
    case CommandTarget::Kind::server:
      return decode_server_command(message, envelope, target);
    case CommandTarget::Kind::pool:
      return decode_pool_command(message, envelope, target.region);
    case CommandTarget::Kind::region:
      return decode_region_command(message, envelope, target.region);
    case CommandTarget::Kind::clock:
      return decode_clock_command(message, envelope);
    case CommandTarget::Kind::faults:
      return decode_faults_command(message, envelope);
    case CommandTarget::Kind::warm_pool:
      return decode_warm_pool_command(message, envelope, target.warm_pool);
  }
  return poison("the subject is of no kind");
}

tl::expected<DecodedCommand, std::string> decode_payload(const eventstore::Message& message) {
  const auto target = parse_command_subject(message.subject);
  if (!target) {
    return poison("the subject must be vsim.cmd.<region>.<server id>, _pool or _region, " +
                  std::string(clock_command_subject) + ", " + std::string(faults_command_subject) +
                  ", or vsim.cmd._warm.<pool> with <account>: before a pool's name where that is "
                  "not the default one");
  }
  const auto envelope = read_envelope(message);
  if (!envelope) {
    return tl::unexpected(envelope.error());
  }
  auto decoded = decode_for(*target, message, *envelope);
  if (!decoded) {
    return decoded;
  }
  // Outcomes go to inboxes only: a sender must not have us publish wherever it likes.
  auto reply_to = std::string(find_header(message.headers, header::reply_to));
  if (!reply_to.starts_with("_INBOX") || reply_to.size() > 128) {
    reply_to.clear();
  }
  decoded->reply_to = std::move(reply_to);
  decoded->by_hand = envelope->by_hand;
  return decoded;
}

}  // namespace

CommandSummary summary_of(const DecodedCommand& decoded) {
  return std::visit([](const auto& command) { return summary_of(command); }, decoded.command);
}

tl::expected<DecodedCommand, std::string> decode_command(const eventstore::Message& message) {
  auto decoded = decode_payload(message);
  if (!decoded) {
    return decoded;
  }
  if (auto misfit = find_misfit(message, summary_of(*decoded).cause.type)) {
    return tl::unexpected(std::move(*misfit));
  }
  return decoded;
}

}  // namespace vsim::messages
