#include "api/events/event_streams.h"

#include <array>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace vsim::api {
namespace {

using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto look_after_interval = 1s;
constexpr std::size_t tasks_waiting_max = 4;
constexpr std::uint64_t wake_id = 0;  // no client's
/// With less than this waiting, a client that is behind gets more.
constexpr std::size_t refill_bytes = 64 * 1024;

epoll_event event_of(std::uint32_t events, std::uint64_t id) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  return event;
}

}  // namespace

EventStreams::EventStreams(eventstore::EventStore& events, read_model::ConnectionPool& pool,
                           std::size_t streams_max, telemetry::Metrics& metrics)
    : streams_max_(streams_max),
      sent_(metrics.counter("vsim_events_sent_total", "Events given to event streams")),
      refused_(metrics.counter("vsim_event_streams_refused_total",
                               "Streams refused: as many as EVENT_STREAMS allows were open")),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      feed_(events, pool,
            {.begun = [this](StreamSequence place) { post([=, this] { begin(place); }); },
             .came =
                 [this](std::vector<SharedEvent> came) {
                   post_in_turn([this, came = std::move(came)] { spread(came); });
                 },
             .replaced =
                 [this] {
                   post([this] {
                     window_.forget();
                     while (!clients_.empty()) {
                       close(clients_.begin()->first, Cut::replaced);
                     }
                   });
                 }}),
      catch_up_(events, [this](CatchUp::Page page) {
        post([this, page = std::move(page)] { take_page(page); });
      }) {
  const auto cut = [&](Cut why, const char* reason) {
    cut_.emplace(
        why, metrics.counter("vsim_event_streams_cut_total",
                             "Streams that the API has ended, by reason", {{"reason", reason}}));
  };
  cut(Cut::slow, "slow");
  cut(Cut::key, "key");
  cut(Cut::replaced, "log_replaced");
  const auto open = metrics.gauge("vsim_event_streams", "Event streams that are open");
  metrics.on_collect([open, this] { open.set(static_cast<double>(open_.load())); });
  epoll_event wake = event_of(EPOLLIN, wake_id);
  epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, wake_.number(), &wake);
  thread_ = std::thread([this] { run(); });
}

EventStreams::~EventStreams() { stop(); }

void EventStreams::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  taken_.notify_all();
  eventfd_write(wake_.number(), 1);
  if (thread_.joinable()) {
    thread_.join();
  }
}

std::optional<EventStreams::TakeOver> EventStreams::admit(StreamRequest request) {
  if (open_.fetch_add(1) >= streams_max_) {
    open_.fetch_sub(1);
    refused_.add();
    return std::nullopt;
  }
  const std::shared_ptr<void> room(nullptr, [this](void*) { open_.fetch_sub(1); });
  return [this, request = std::move(request), room](OpenConnection&& connection) {
    // Tasks can be copied, connections cannot.
    const auto held = std::make_shared<OpenConnection>(std::move(connection));
    post([this, held, request, room]() mutable {
      open(std::move(*held), std::move(request), room);
    });
  };
}

void EventStreams::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  eventfd_write(wake_.number(), 1);
}

void EventStreams::post_in_turn(Task task) {
  {
    std::unique_lock lock(mutex_);
    taken_.wait(lock, [this] { return tasks_.size() < tasks_waiting_max || stopping_; });
  }
  post(std::move(task));
}

void EventStreams::run() {
  while (!stopping_) {
    wait_for_events();
    run_tasks();
    if (Steady::now() - looked_after_at_ >= look_after_interval) {
      look_after_all();
    }
  }
  clients_.clear();
}

void EventStreams::wait_for_events() {
  constexpr auto interval = std::chrono::milliseconds(look_after_interval).count();
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()),
                               static_cast<int>(interval));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == wake_id) {
      eventfd_t times = 0;
      eventfd_read(wake_.number(), &times);
    } else {
      hear(event.data.u64, event.events);
    }
  }
}

void EventStreams::run_tasks() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  taken_.notify_all();
  for (const Task& task : tasks) {
    task();
  }
}

void EventStreams::open(OpenConnection&& connection, StreamRequest&& request,
                        const std::shared_ptr<void>& room) {
  const ClientId id = next_id_++;
  const auto [place, added] =
      clients_.try_emplace(id, std::move(connection), std::move(request), room);
  StreamClient& client = place->second;
  // Edge-triggered: each time it can take more, and each time it says something or goes.
  epoll_event event = event_of(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, id);
  epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, client.socket(), &event);
  feed_.want(true);
  settle(client);
  if (!advance(id, client)) {
    close(id, Cut::gone);
  }
}

/// Gives a client without a place the present one, once that is known.
void EventStreams::settle(StreamClient& client) {
  if (!client.place) {
    client.place = window_.place();
  }
  if (client.place && client.tells_place) {
    client.tells_place = false;
    push(client, place_block(*client.place));
  }
}

void EventStreams::begin(StreamSequence place) {
  window_.begin(place);
  std::vector<ClientId> gone;
  for (auto& [id, client] : clients_) {
    settle(client);
    if (!advance(id, client)) {
      gone.push_back(id);
    }
  }
  for (const ClientId id : gone) {
    close(id, Cut::gone);
  }
}

/// Those who are up to date and want the same get the same bytes, which are made once.
void EventStreams::spread(const std::vector<SharedEvent>& events) {
  const auto before = window_.place();
  if (!before || events.front()->sequence != *before + 1) {
    return;  // of a turn that is over
  }
  window_.add(events);
  std::map<EventFilter, SharedBlock> blocks;
  std::vector<ClientId> gone;
  for (auto& [id, client] : clients_) {
    if (client.place == before && !client.is_full()) {
      auto& block = blocks[client.filter];
      if (block == nullptr) {
        EventBlock made;
        for (const auto& event : events) {
          if (client.filter.matches(*event)) {
            made.add(*event);
          }
        }
        block = std::make_shared<const EventBlock>(std::move(made));
      }
      client.place = window_.place();
      push(client, block);
    }
    if (!advance(id, client)) {
      gone.push_back(id);
    }
  }
  for (const ClientId id : gone) {
    close(id, Cut::gone);
  }
}

void EventStreams::take_page(const CatchUp::Page& page) {
  const auto found = clients_.find(page.client);
  if (found == clients_.end()) {
    return;
  }
  StreamClient& client = found->second;
  client.awaits_page = false;
  client.place = page.place;
  push(client, page.block);
  if (!advance(page.client, client)) {
    close(page.client, Cut::gone);
  }
}

void EventStreams::hear(ClientId id, std::uint32_t events) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) {
    return;
  }
  StreamClient& client = found->second;
  const bool ended = (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0 ||
                     ((events & EPOLLIN) != 0 && !client.listen());
  if (ended || !advance(id, client)) {
    close(id, Cut::gone);
  }
}

void EventStreams::push(StreamClient& client, SharedBlock block) {
  if (block->text.empty()) {
    return;
  }
  sent_.add(static_cast<double>(block->events));
  client.push(std::move(block));
}

/// Sends to the client until it takes no more, or has all there is. False when it is gone.
bool EventStreams::advance(ClientId id, StreamClient& client) {
  do {
    if (!client.flush()) {
      return false;
    }
  } while (fill(id, client));
  return true;
}

/// Puts more before a client that is behind. False when there is nothing to put.
bool EventStreams::fill(ClientId id, StreamClient& client) {
  if (!client.place || !window_.place() || *client.place >= *window_.place() ||
      client.awaits_page || client.unsent() >= refill_bytes) {
    return false;
  }
  if (!window_.reaches_back_to(*client.place)) {
    client.awaits_page = true;
    catch_up_.request({id, *client.place, *window_.place(), client.filter});
    return false;
  }
  push(client, std::make_shared<const EventBlock>(
                   window_.take(client.filter, *client.place, refill_bytes)));
  return true;
}

void EventStreams::look_after_all() {
  const auto now = Steady::now();
  looked_after_at_ = now;
  std::vector<std::pair<ClientId, Cut>> cut;
  for (auto& [id, client] : clients_) {
    if (client.unsent() == 0 && now - client.last_sent() >= stream_silence_seconds_max) {
      push(client, comment_block());
    }
    if (!client.flush()) {
      cut.emplace_back(id, Cut::gone);
    } else if (client.is_slow(now)) {
      cut.emplace_back(id, Cut::slow);
    } else if (!client.may_go_on()) {
      cut.emplace_back(id, Cut::key);
    }
  }
  for (const auto& [id, why] : cut) {
    close(id, why);
  }
}

void EventStreams::close(ClientId id, Cut why) {
  clients_.erase(id);
  if (const auto counted = cut_.find(why); counted != cut_.end()) {
    counted->second.add();
  }
  if (clients_.empty()) {
    window_.forget();
    feed_.want(false);
  }
}

}  // namespace vsim::api
