#pragma once

// The broker's JSON answers, as far as all of them are alike.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vsim::eventstore {

/// Error numbers of nats-server's JetStream API that vsim acts on.
namespace api_error {
inline constexpr int stream_not_found = 10059;
inline constexpr int wrong_last_sequence = 10071;       // an expected sequence did not hold
inline constexpr int wrong_last_sequence_bare = 10164;  // the same, where no sequence is told
inline constexpr int stream_store_failed = 10077;       // limits: of the stream or of the subject
inline constexpr int duplicate_in_batch = 10201;        // a known message id inside a batch
inline constexpr int unknown_chain = 10208;             // of this id; or it has ended
}  // namespace api_error

struct ApiError {
  int err_code = 0;
  std::string description;
};

struct ApiReply {
  std::optional<ApiError> error;
  std::uint64_t sequence = 0;  // "seq", where it stands
  bool duplicate = false;
  std::uint64_t count = 0;  // of an ended batch or chain: its stored messages
  std::string type;         // of an answer on a chain's way, before its end: ack, gap or err
};

/// Reads an answer; what is no JSON object is an error of its own.
ApiReply read_api_reply(std::string_view json);

}  // namespace vsim::eventstore
