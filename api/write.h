#pragma once

// A write on its way from its route to COMMANDS: what is asked, as a command.

#include <optional>
#include <string>

#include "api/call.h"
#include "api/write_terms.h"
#include "domain/account.h"
#include "domain/ids.h"
#include "eventstore/message.h"

namespace vsim::api {

/// A command ready to be published, and on what terms. A plain value. D53
struct Write {
  WriteTerms terms;  // with the command's id
  Region region;     // of the clock: messages::clock_region; of faults and warm pools likewise
  std::optional<ServerId> server = {};  // none: for what a whole fleet or region shares
  /// Any of several servers will do: one whose slot is taken is left, and an earlier request
  /// with its key may have gone to another one. D95
  bool any_server = false;
  std::string type;               // of the command: "create", "extend_pool"
  std::string payload;            // JSON
  std::string request_hash = {};  // of what was asked; see messages/request_hash.h
  std::string request_id = {};    // X-Request-Id
  std::string actor = {};         // name of the caller's key
  std::string account = std::string(default_account);  // whose operation it is
  std::string in_name_of = {};  // what the worker is told, as Vsim-Account; empty: nothing

  const CommandId& id() const { return terms.id; }
};

/// The write that a call asks for. `asked` has its terms, target, type and payload. `path` goes
/// into the hash: the route's, without what a client may write in more than one way.
Write make_write(const Call& call, Write asked, std::string_view path);

/// Its subject in COMMANDS.
std::string command_subject(const Write& write);

/// Where commands for the server wait in COMMANDS, whatever its region; without a server, by the
/// command's type, those of the region, of its pool, of the clock, of the door's faults, or of a
/// warm pool.
std::string waiting_filter(const Region& region, const std::optional<ServerId>& server,
                           std::string_view type);

/// Where its outcome will stand in EVENTS, whatever the server's region.
std::string outcome_filter(const Write& write);

/// Which of the messages that may be published for one command. Message ids of different copies
/// differ; two requests that send the same copy send the same id, and the broker stores one. D15
struct CommandCopy {
  int attempt = 1;  // counts what one request sends
  int suffix = 0;   // above 0: the id without it is known to the broker, nothing is stored
  StreamSequence undone = 0;  // of the outcome, in EVENTS, that left the command undone; 0: none
};

/// The headers of a copy. `reply_to` may be empty.
eventstore::Headers headers_of(const Write& write, const std::string& reply_to,
                               const CommandCopy& copy);

/// Whether a command with this id and hash came from another request: a misuse of the key. A copy
/// that an operator has sent by hand may have lost its hash, and counts as the same.
bool is_another_request(const std::string& request_hash, const Write& write);

}  // namespace vsim::api
