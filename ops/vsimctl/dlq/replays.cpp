#include "ops/vsimctl/dlq/replays.h"

#include <deque>
#include <map>
#include <thread>
#include <variant>

#include <fmt/format.h>

#include "ops/vsimctl/commands/submission.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/command_envelope.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"

namespace vsim::vsimctl {
namespace {

using namespace std::chrono_literals;
namespace header = messages::header;

std::string type_of(const messages::DecodedCommand& decoded) {
  struct Type {
    std::string operator()(const Command& command) const {
      return std::string(command_type(command.action));
    }
    std::string operator()(const ExtendPool&) const { return "extend_pool"; }
    std::string operator()(const RegionCommand& command) const {
      return std::string(command_type(command.action));
    }
    std::string operator()(const ClockCommand& command) const {
      return std::string(command_type(command.action));
    }
    std::string operator()(const FaultsCommand& command) const {
      return std::string(command_type(command.action));
    }
    std::string operator()(const WarmPoolCommand& command) const {
      return std::string(command_type(command.action));
    }
  };
  return std::visit(Type{}, decoded.command);
}

/// "<command id>-r<n>", n being the time: later replays never get an earlier one's.
std::string new_message_id(const Replay& replay) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto n = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  return fmt::format("{}-r{}", replay.id ? replay.id->to_string() : replay.unreadable_id, n);
}

/// The commands of one subject, of which the first may be in the queue.
struct Lane {
  std::deque<Replay> replays;
  eventstore::Sequence in_queue = 0;  // of the first one; 0: not put back yet
};

class OrderlyReturn {
 public:
  OrderlyReturn(const process::CommonSettings& settings, Log& log)
      : settings_(settings), log_(log) {}

  void add(Replay replay) {
    const auto subject = replay.subject;
    lanes_[subject].replays.push_back(std::move(replay));
  }

  ReplayReport run(std::chrono::milliseconds patience) {
    auto give_up = std::chrono::steady_clock::now() + patience;
    while (!lanes_.empty() && std::chrono::steady_clock::now() < give_up) {
      bool moved = false;
      for (auto lane = lanes_.begin(); lane != lanes_.end();) {
        moved = advance(lane->second) || moved;
        lane = lane->second.replays.empty() ? lanes_.erase(lane) : std::next(lane);
      }
      if (moved) {
        give_up = std::chrono::steady_clock::now() + patience;
      } else {
        std::this_thread::sleep_for(20ms);
      }
    }
    for (const auto& [subject, lane] : lanes_) {
      const std::size_t waiting = lane.in_queue == 0 ? 0 : 1;
      report_.undecided += waiting;
      report_.left += lane.replays.size() - waiting;
    }
    return report_;
  }

 private:
  bool advance(Lane& lane) { return lane.in_queue == 0 ? begin(lane) : finish(lane); }

  /// Puts the lane's first command back, unless it needs it no more.
  bool begin(Lane& lane) {
    const auto& replay = lane.replays.front();
    const auto outcome = find_outcome(log_.events(), replay.subject, *replay.id);
    if (!outcome) {
      return held_up(vsimctl::explain(settings_, outcome.error()));
    }
    if (*outcome && (*outcome)->kind != OutcomeKind::purged) {
      lane.replays.pop_front();
      return true;
    }
    const auto sequence = put_back(settings_, log_, replay);
    if (!sequence) {
      return held_up(sequence.error());
    }
    lane.in_queue = *sequence;
    return true;
  }

  /// Records the outcome of the command in the queue, once it has one of this replay.
  bool finish(Lane& lane) {
    const auto& replay = lane.replays.front();
    const auto outcome = await_outcome(log_, replay.subject, *replay.id, lane.in_queue, 0ms);
    if (!outcome) {
      return held_up(vsimctl::explain(settings_, outcome.error()));
    }
    const bool is_new = *outcome && ((*outcome)->kind != OutcomeKind::purged ||
                                     (*outcome)->command >= lane.in_queue);
    if (!is_new) {
      return false;
    }
    fmt::print("{} {} {}: {}\n", replay.id->to_string(), replay.type, replay.subject,
               (*outcome)->text);
    ++report_.done;
    lane.in_queue = 0;
    lane.replays.pop_front();
    return true;
  }

  bool held_up(const std::string& why) {
    if (report_.why.empty()) {
      report_.why = why;
    }
    return false;
  }

  const process::CommonSettings& settings_;
  Log& log_;
  std::map<std::string, Lane> lanes_;  // by subject
  ReplayReport report_;
};

}  // namespace

Replay replay_of(const eventstore::Message& original) {
  Replay replay;
  replay.subject = original.subject;
  replay.payload = original.payload;
  for (const auto& one : original.headers) {
    if (one.name.starts_with("Vsim-") && one.name != header::command_id) {
      replay.headers.push_back(one);
    }
  }
  const auto decoded = messages::decode_command(original);
  if (!decoded) {
    replay.unreadable = decoded.error();
    const auto id = messages::command_id_of(original);
    replay.unreadable_id =
        id ? id->to_string() : std::string(find_header(original.headers, header::command_id));
    replay.headers.push_back({std::string(header::command_id), replay.unreadable_id});
    return replay;
  }
  replay.id = std::visit([](const auto& command) { return command.id; }, decoded->command);
  replay.type = type_of(*decoded);
  replay.complaint = decoded->complaint;
  replay.headers.push_back({std::string(header::command_id), replay.id->to_string()});
  return replay;
}

tl::expected<eventstore::Sequence, std::string> put_back(const process::CommonSettings& settings,
                                                         Log& log, const Replay& replay) {
  const eventstore::CommandPublisher publisher(log.broker(),
                                               std::string(messages::commands_stream));
  auto headers = replay.headers;
  headers.push_back({std::string(header::message_id), new_message_id(replay)});
  const auto accepted = publisher.publish(replay.subject, replay.payload, headers);
  if (!accepted) {
    return tl::unexpected(explain(settings, replay.subject, accepted.error()));
  }
  if (accepted->duplicate) {
    return tl::unexpected<std::string>(
        "the broker knows the replay's message id and has stored nothing; try again");
  }
  return accepted->sequence;
}

ReplayReport put_back_in_order(const process::CommonSettings& settings, Log& log,
                               std::vector<Replay> replays, std::chrono::milliseconds patience) {
  OrderlyReturn orderly(settings, log);
  for (auto& replay : replays) {
    orderly.add(std::move(replay));
  }
  return orderly.run(patience);
}

}  // namespace vsim::vsimctl
