#pragma once

// Logs that builds have recorded: all of EVENTS as it was stored, a line of JSON a message, so that
// a person can read it and a difference.
//
//   {"sequence":1,"subject":"vsim.evt.clock","stored_at":"2026-09-21T14:13:20.000000001Z",
//    "headers":{"Vsim-Reply-To":"..."},"payload":{"type":"clock_started",...}}
//
// The payload stands as it is, byte for byte. README.md in the folder logs says how to record one.
// D83

#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "eventstore/message.h"
#include "schema/messages/event_codec.h"

namespace vsim::golden {

using RecordedLog = std::vector<eventstore::Message>;

/// The logs in tests/golden/logs, oldest first: paths without ".jsonl".
std::vector<std::string> recorded_logs();
/// What the next one is called.
std::string next_recorded_log();

/// The error says which line is wrong.
tl::expected<RecordedLog, std::string> read_recorded_log(const std::string& path);
/// Never writes over a file: that is an error too.
tl::expected<void, std::string> write_recorded_log(const std::string& path, const RecordedLog& log);

/// Those of the recorded logs that today's writer would write likewise.
std::vector<RecordedLog> logs_as_of_today();

/// What the logs lack together, in words: every type of event, and more than one region, with void
/// claims and all ends of servers.
std::vector<std::string> missing_in(std::span<const RecordedLog> logs);

/// The members of the newest golden events, which are today's, that no event of the logs has.
std::vector<std::string> members_missing_in(std::span<const RecordedLog> logs);

/// The messages that today's writer does not give byte for byte, from what today's reader has read;
/// a sentence each.
std::vector<std::string> written_otherwise(const RecordedLog& log);

}  // namespace vsim::golden
