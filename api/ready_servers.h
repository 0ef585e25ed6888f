#pragma once

// Which servers of warm pools can be had. The read models are asked for all requests together, and
// none of what they name is given to two requests at once. D95

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <vector>

#include "api/call.h"
#include "domain/ids.h"
#include "domain/warm_pool.h"
#include "schema/read_model/warm_pools.h"

namespace vsim::api {

using ReadyServer = read_model::ReadyServerRow;

/// Any thread.
class ReadyServers {
 private:
  struct Pool;

 public:
  using Steady = std::chrono::steady_clock;
  /// Ready servers of a pool, as the read models have them; blocks. From any thread, but for one
  /// pool from one at a time.
  using LookUp = std::function<Reply<std::vector<ReadyServer>>(const WarmPoolId& pool)>;

  /// `seed`: in which order they are given.
  ReadyServers(LookUp look_up, std::uint64_t seed);

  /// A server that no other request of this process is given until this ends: when its acquisition
  /// can be read, or has failed. All must end before the ReadyServers.
  class Held {
   public:
    Held(ReadyServers& owner, std::shared_ptr<Pool> pool, ReadyServer server);
    ~Held();
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    const ReadyServer& server() const { return server_; }

    /// Another command waits in its slot: nobody is given it for a moment.
    void slot_is_taken() { slot_taken_ = true; }

   private:
    ReadyServers& owner_;
    std::shared_ptr<Pool> pool_;
    ReadyServer server_;
    bool slot_taken_ = false;
  };

  /// A server at random, which may be somebody's by now: only its acquisition tells. Null when none
  /// was ready by a look at the read models that began no earlier than `as_of`. Blocks for a look
  /// or two.
  Reply<std::unique_ptr<Held>> take(const WarmPoolId& pool, Steady::time_point as_of);

  /// Keeps nothing of a pool that is not there.
  void forget(const WarmPoolId& pool);

 private:
  /// Of a server that is held, or was a moment ago.
  struct Hold {
    bool ended = false;
    std::uint64_t look = 0;           // the last to begin before the end: it knows of none
    Steady::time_point not_before{};  // given again
  };
  /// Guarded by the mutex.
  struct Pool {
    explicit Pool(WarmPoolId its_id) : id(std::move(its_id)) {}

    const WarmPoolId id;
    std::vector<ReadyServer> left;  // of the last look, in random order
    std::map<ServerId, Hold> held;
    std::uint64_t looks = 0;                    // begun
    bool looking = false;                       // one is under way
    Steady::time_point looked_at{};             // when the last one that is over began
    std::optional<http::Problem> failure = {};  // of that one
    std::condition_variable changed;
  };

  std::shared_ptr<Pool> pool_of(const WarmPoolId& id);
  void look(Pool& pool, std::unique_lock<std::mutex>& lock);
  void note(Pool& pool, std::uint64_t look, std::vector<ReadyServer> found);
  void end_hold(Pool& pool, const ServerId& server, bool slot_taken);

  const LookUp look_up_;
  std::mutex mutex_;
  std::map<WarmPoolId, std::shared_ptr<Pool>> pools_;
  std::mt19937_64 chance_;
};

}  // namespace vsim::api
