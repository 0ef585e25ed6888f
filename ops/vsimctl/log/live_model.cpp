#include "ops/vsimctl/log/live_model.h"

#include "schema/messages/sha256.h"

namespace vsim::vsimctl {

tl::expected<LiveModel, std::string> compare_with_log(
    const process::CommonSettings& settings, eventstore::EventStore& events,
    const std::optional<read_model::Checkpoint>& live) {
  if (!live) {
    return LiveModel{};
  }
  if (live->sequence == 0) {
    return LiveModel{LiveModel::State::fits, *live};
  }
  const auto message = events.load(live->sequence);
  if (!message) {
    return tl::unexpected(explain(settings, message.error()));
  }
  const bool same = *message && messages::sha256_hex((*message)->payload) == live->hash;
  return LiveModel{same ? LiveModel::State::fits : LiveModel::State::other_log, *live};
}

}  // namespace vsim::vsimctl
