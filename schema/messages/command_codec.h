#pragma once

// Commands as they travel: a small JSON object that a person can type, and headers. The subject
// says which server, pool, region or warm pool, or whether the clock or the door's faults are
// meant.

#include <string>
#include <variant>

#include <tl/expected.hpp>

#include "domain/door_faults.h"
#include "domain/pool.h"
#include "domain/region.h"
#include "domain/server.h"
#include "domain/sim_clock.h"
#include "domain/warm_pool.h"
#include "eventstore/message.h"

namespace vsim::messages {

/// A command for a server, for a region's address pool, for a region, for the clock, for the door's
/// faults, or for a warm pool.
struct DecodedCommand {
  std::variant<Command, ExtendPool, RegionCommand, ClockCommand, FaultsCommand, WarmPoolCommand>
      command;
  std::string reply_to;  // where its outcome is published; may be empty
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

/// What the log and the read models know of it.
CommandSummary summary_of(const DecodedCommand& decoded);

/// Reads a stored command, under the id that command_id_of() gives. The error says what is wrong
/// with it: such a message is poison, it will never be readable. So is one whose id was given to
/// another request, by the hash that it brings along.
tl::expected<DecodedCommand, std::string> decode_command(const eventstore::Message& message);

}  // namespace vsim::messages
