#include "api/events/stream_client.h"

#include <array>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace vsim::api {
namespace {

using Steady = std::chrono::steady_clock;

/// What the system holds for a client beside `unsent_bytes_max`; it takes twice as much.
constexpr int socket_buffer_bytes = 64 * 1024;
/// A client whose machine is gone says nothing: its system no longer confirms what is sent.
constexpr unsigned unconfirmed_milliseconds_max = 30'000;
/// A client has nothing to say on a stream; one that goes on and on is cut.
constexpr int receives_max = 16;

}  // namespace

StreamClient::StreamClient(OpenConnection connection, StreamRequest request,
                           std::shared_ptr<void> room)
    : filter(std::move(request.filter)),
      may_go_on(std::move(request.may_go_on)),
      place(request.after),
      tells_place(request.tells_place),
      connection_(std::move(connection)),
      room_(std::move(room)),
      last_sent_(Steady::now()) {
  setsockopt(socket(), SOL_SOCKET, SO_SNDBUF, &socket_buffer_bytes, sizeof socket_buffer_bytes);
  setsockopt(socket(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unconfirmed_milliseconds_max,
             sizeof unconfirmed_milliseconds_max);
}

void StreamClient::push(SharedBlock block) {
  if (unsent_.empty()) {
    last_sent_ = Steady::now();  // from now on it is the client that lets us wait
  }
  unsent_bytes_ += block->text.size();
  unsent_.push_back(std::move(block));
}

bool StreamClient::flush() {
  while (!unsent_.empty()) {
    const std::string_view rest = std::string_view(unsent_.front()->text).substr(sent_of_first_);
    const auto taken = connection_.transport->offer(rest);
    if (!taken) {
      return false;
    }
    if (*taken == 0) {
      return true;
    }
    last_sent_ = Steady::now();
    unsent_bytes_ -= *taken;
    sent_of_first_ += *taken;
    if (*taken == rest.size()) {
      unsent_.pop_front();
      sent_of_first_ = 0;
    }
  }
  return true;
}

bool StreamClient::listen() {
  std::array<char, 1024> dropped;
  for (int i = 0; i < receives_max; ++i) {
    const auto got = connection_.transport->receive(dropped.data(), dropped.size(), Steady::now());
    if (got.state != Transport::State::some) {
      return got.state == Transport::State::late;
    }
  }
  return false;
}

bool StreamClient::is_slow(Time now) const {
  return unsent_bytes_ > 0 &&
         now - last_sent_ > (is_full() ? full_seconds_max : taking_nothing_seconds_max);
}

}  // namespace vsim::api
