#pragma once

// What a command's headers say, whatever it is for.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "domain/server.h"
#include "eventstore/message.h"

namespace vsim::messages {

/// What is wrong with a command that can never be read.
inline tl::unexpected<std::string> poison(std::string why) {
  return tl::unexpected(std::move(why));
}

/// The id of a stored command, also of one whose payload cannot be read: that of its header, or
/// one made from its sequence and time, both taken from the first republishing headers where it is
/// a copy from JOURNAL. The error: the header holds no UUID.
tl::expected<CommandId, std::string> command_id_of(const eventstore::Message& message);

/// The headers that every command has, however it came.
struct Envelope {
  CommandId id;
  std::string request_hash;
  Origin origin;
  bool may_be_repeat = false;  // as DecodedCommand has it
  bool by_hand = false;        // likewise
};

/// The error says what is wrong with a header.
tl::expected<Envelope, std::string> read_envelope(const eventstore::Message& message);

/// Vsim-Only-At, as Command has it: nothing where the header is missing.
tl::expected<std::optional<std::vector<Version>>, std::string> read_only_at(
    const eventstore::Headers& headers);

/// Writes that header's value.
std::string encode_only_at(const std::vector<Version>& versions);

}  // namespace vsim::messages
