#pragma once

// The headers of vsim's own messages, and those of the broker that it reads.

#include <string_view>

namespace vsim::messages::header {

// On commands.
inline constexpr std::string_view command_id = "Vsim-Command-Id";
inline constexpr std::string_view request_hash = "Vsim-Request-Hash";
inline constexpr std::string_view actor = "Vsim-Actor";
inline constexpr std::string_view correlation_id = "Vsim-Correlation-Id";
/// In whose name: a create's server is of that account, and any other command is carried out only
/// on a server of it. Without it a create is of the default account, and the others go to any. D94
inline constexpr std::string_view account = "Vsim-Account";
/// Where the projector tells that the outcome can be read; copied from the command to its event.
inline constexpr std::string_view reply_to = "Vsim-Reply-To";
/// Above 1: sent again after an unknown result, so an earlier copy may have been handled already.
inline constexpr std::string_view attempt = "Vsim-Attempt";

/// Versions, separated by commas: carried out only on a server that is at one of them.
inline constexpr std::string_view only_at = "Vsim-Only-At";
/// What If-Match asked for, as the request hash has it; newer builds alone send it.
inline constexpr std::string_view if_match = "Vsim-If-Match";

// On those replies, which repeat the event: where it stands in EVENTS.
inline constexpr std::string_view event_subject = "Vsim-Event-Subject";
inline constexpr std::string_view event_sequence = "Vsim-Event-Sequence";

// The broker's.
inline constexpr std::string_view message_id = "Nats-Msg-Id";
inline constexpr std::string_view sequence = "Nats-Sequence";      // added by republishing
inline constexpr std::string_view time_stamp = "Nats-Time-Stamp";  // added by republishing

}  // namespace vsim::messages::header
