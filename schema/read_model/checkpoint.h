#pragma once

// Table `projection_checkpoint`: how far each stream has been projected; and what that leaves open.

#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.h"
#include "domain/instant.h"
#include "schema/read_model/database.h"

namespace vsim::read_model {

struct Checkpoint {
  StreamSequence sequence = 0;
  std::string hash;                     // of the message at `sequence`; empty at 0
  StreamSequence command_sequence = 0;  // JOURNAL only: of the last command seen there, in COMMANDS
};

std::optional<Checkpoint> find_checkpoint(Transaction& tx, std::string_view stream);

/// Whether checkpoints can move at all here: false on a standby, or where Postgres was made
/// read-only.
bool takes_writes(Transaction& tx);

/// Whether Postgres syncs what it writes to the disk, as it says itself. D66
bool syncs_to_disk(Transaction& tx);

/// What the read models hold and what they know to be still to come, at one moment.
struct Progress {
  StreamSequence sequence = 0;               // of EVENTS, projected
  std::optional<Instant> earliest_due;       // of all servers' deadlines, and of outages
  std::optional<Instant> deadlines_applied;  // as the clock's last event says
  // In COMMANDS: the first copy of a server's or a region's command without an outcome; 0: none.
  StreamSequence oldest_pending = 0;
};
Progress find_progress(Transaction& tx);

}  // namespace vsim::read_model
