#include "api/ready_servers.h"

#include <algorithm>
#include <utility>

namespace vsim::api {
namespace {

using namespace std::chrono_literals;

constexpr auto look_age_max = 200ms;  // other processes acquire servers too
constexpr auto slot_pause = 100ms;    // for the command in it to be decided

}  // namespace

ReadyServers::ReadyServers(LookUp look_up, std::uint64_t seed)
    : look_up_(std::move(look_up)), chance_(seed) {}

ReadyServers::Held::Held(ReadyServers& owner, std::shared_ptr<Pool> pool, ReadyServer server)
    : owner_(owner), pool_(std::move(pool)), server_(std::move(server)) {}

ReadyServers::Held::~Held() { owner_.end_hold(*pool_, server_.id, slot_taken_); }

Reply<std::unique_ptr<ReadyServers::Held>> ReadyServers::take(const WarmPoolId& pool_id,
                                                              Steady::time_point as_of) {
  std::unique_lock lock(mutex_);
  const auto pool = pool_of(pool_id);
  while (true) {
    if (!pool->left.empty() && Steady::now() - pool->looked_at < look_age_max) {
      ReadyServer server = std::move(pool->left.back());
      pool->left.pop_back();
      pool->held[server.id] = {};
      return std::make_unique<Held>(*this, pool, std::move(server));
    }
    if (pool->looked_at >= as_of) {
      if (pool->failure) {
        return tl::unexpected(*pool->failure);
      }
      return nullptr;
    }
    if (pool->looking) {
      pool->changed.wait(lock);
    } else {
      look(*pool, lock);
    }
  }
}

/// One look serves all that wait for it.
void ReadyServers::look(Pool& pool, std::unique_lock<std::mutex>& lock) {
  const auto began = Steady::now();
  const std::uint64_t number = ++pool.looks;
  pool.looking = true;
  lock.unlock();
  auto found = look_up_(pool.id);
  lock.lock();
  pool.looking = false;
  pool.looked_at = began;
  pool.failure.reset();
  if (found) {
    note(pool, number, std::move(*found));
  } else {
    pool.left.clear();
    pool.failure = std::move(found.error());
  }
  pool.changed.notify_all();
}

void ReadyServers::note(Pool& pool, std::uint64_t look, std::vector<ReadyServer> found) {
  const auto now = Steady::now();
  std::erase_if(pool.held, [&](const auto& each) {
    const Hold& hold = each.second;
    return hold.ended && hold.look < look && hold.not_before <= now;
  });
  std::erase_if(found, [&](const ReadyServer& server) { return pool.held.contains(server.id); });
  std::shuffle(found.begin(), found.end(), chance_);
  pool.left = std::move(found);
}

void ReadyServers::end_hold(Pool& pool, const ServerId& server, bool slot_taken) {
  const std::lock_guard lock(mutex_);
  pool.held[server] = {.ended = true,
                       .look = pool.looks,
                       .not_before = Steady::now() + (slot_taken ? slot_pause : 0ms)};
}

std::shared_ptr<ReadyServers::Pool> ReadyServers::pool_of(const WarmPoolId& id) {
  auto& pool = pools_[id];
  if (!pool) {
    pool = std::make_shared<Pool>(id);
  }
  return pool;
}

void ReadyServers::forget(const WarmPoolId& pool) {
  const std::lock_guard lock(mutex_);
  pools_.erase(pool);
}

}  // namespace vsim::api
