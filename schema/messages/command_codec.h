#pragma once

// Commands as they travel: a small JSON object that a person can type, and headers. The subject
// says which server, pool or clock is meant.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "domain/address_pool.h"
#include "domain/clock.h"
#include "domain/server.h"
#include "eventstore/message.h"

namespace vsim::messages {

inline constexpr std::size_t name_characters_max = 128;
inline constexpr std::size_t ordered_name_characters_max = 64;  // of a type or profile
inline constexpr std::size_t force_reason_characters_max = 256;
inline constexpr std::size_t tags_max = 50;
inline constexpr std::size_t tag_key_characters_max = 128;
inline constexpr std::size_t tag_value_characters_max = 256;
inline constexpr std::chrono::seconds idle_timeout_max = std::chrono::hours(24 * 3650);

class Fields;

/// A command for a server, for a region's address pool, or for the clock.
struct DecodedCommand {
  std::variant<Command, ExtendPool, ClockCommand> command;
  std::string reply_to;  // where its outcome is told; may be empty
  bool may_be_repeat =
      false;  // a replay, a retry or a keyed command: an earlier copy may be in the log

  // Published by a person: without a command id, and no copy from JOURNAL.
  bool by_hand = false;
  // What a person would not have meant, as a sentence: a member or Vsim- header that is not known
  // or given twice, addresses that no server can have. Empty: nothing. Elsewhere than in a
  // command by hand such a member is of a newer build, or was accepted by an older one, and is
  // ignored. // D42
  std::string complaint = {};
};

/// The id of a stored command, also of one whose payload cannot be read: that of its header, or
/// one made from its sequence and time, both taken from the first republishing headers where it is
/// a copy from JOURNAL. The error: the header holds no UUID.
tl::expected<CommandId, std::string> command_id_of(const eventstore::Message& message);

/// What the log and the read models know of it.
CommandNote note_of(const DecodedCommand& decoded);

/// Reads a stored command, under the id that command_id_of() gives. The error says what is wrong
/// with it: such a message is poison, it will never be readable. So is one whose id was given to
/// another request, by the hash that it brings along.
tl::expected<DecodedCommand, std::string> decode_command(const eventstore::Message& message);

/// The payload of a command.
std::string encode_action(const Action& action);
/// The header Vsim-Only-At.
std::string encode_only_at(const std::vector<Version>& versions);
std::string encode_extend_pool(const std::vector<AddressRange>& ranges);
std::string encode_clock_action(const ClockAction& action);

/// Seconds as a person or a JSON document gives them, to the nearest millisecond. What is absurd
/// stays out of every range.
Duration milliseconds_of(double seconds);

/// Reads the members of a create from a JSON object: {"name", "type", "profile"?, "tags"?,
/// "idle_timeout_seconds"?}. In the queue, where `type` is the command's, the server's is
/// "instance_type"; both are taken in both places. The error is a sentence that says what to
/// change.
tl::expected<Create, std::string> read_create(std::string_view json);

/// Why no create can order an instance type or profile of that name, such as "must have 1 to 64
/// characters, it has 65"; nothing when one can.
std::optional<std::string> complaint_about_ordered_name(std::string_view name);

/// Reads {"cidr"} or {"first","last"} as they are asked for now: nothing else beside them, and
/// addresses that servers can have. Of a network of more than two addresses the first and the last
/// are left out.
tl::expected<std::vector<AddressRange>, std::string> read_ranges(std::string_view json);
/// The same of a pool command that may have been accepted by an older build.
tl::expected<std::vector<AddressRange>, std::string> read_ranges_as_given(const Fields& fields);

/// UUID version 5 (RFC 9562) of a name, SHA-1 as the RFC says; and version 7, of time and chance.
Uuid uuid_from_name(const Uuid& space, std::string_view name);
Uuid uuid_from_time();

/// A keyed command's id, the same for the same key for ever; and the id of the server that a create
/// makes.
CommandId command_id_of_key(std::string_view account, std::string_view idempotency_key);
ServerId server_id_of_create(const CommandId& command);

}  // namespace vsim::messages
