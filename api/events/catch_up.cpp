#include "api/events/catch_up.h"

#include <algorithm>

#include "ops/telemetry/log.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;

constexpr StreamSequence chunk_events = 128;  // read at once
constexpr std::size_t kept_chunks_max = 16;
constexpr std::chrono::milliseconds reread_pause = 500ms;

}  // namespace

CatchUp::CatchUp(eventstore::EventStore& events, std::function<void(Page)> deliver)
    : pages_(events),
      deliver_(std::move(deliver)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

CatchUp::~CatchUp() = default;

void CatchUp::request(Request request) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(request));
  }
  changed_.notify_one();
}

void CatchUp::run(const std::stop_token& stop) {
  std::string complaint;
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return !waiting_.empty(); });
    if (stop.stop_requested()) {
      return;
    }
    const Request request = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    auto page = read(request);
    if (page) {
      complaint.clear();
      deliver_(std::move(*page));
      continue;
    }
    if (complaint != page.error().detail) {
      complaint = page.error().detail;
      log::warn("event streams that are behind wait", {{"error", complaint}});
    }
    lock.lock();
    waiting_.push_back(request);
    changed_.wait_for(lock, stop, reread_pause, [] { return false; });
  }
}

/// What matches behind the place, until it is enough for a page.
eventstore::Result<CatchUp::Page> CatchUp::read(const Request& request) {
  EventBlock block;
  StreamSequence place = request.after;
  const auto last = std::min(request.end, place + catch_up_events_max);
  while (place < last && block.text.size() < catch_up_bytes_max) {
    const auto chunk = chunk_of(place, request.end);
    if (!chunk) {
      return tl::unexpected(chunk.error());
    }
    for (const auto& event : **chunk) {
      if (event->sequence <= place || event->sequence > request.end) {
        continue;
      }
      if (block.text.size() >= catch_up_bytes_max) {
        break;
      }
      if (request.filter.matches(*event)) {
        block.add(*event);
      }
      place = event->sequence;
    }
  }
  return Page{request.client, std::make_shared<const EventBlock>(std::move(block)), place};
}

/// Events among which the one behind `place` is, from a multiple of their number on.
eventstore::Result<const CatchUp::Chunk*> CatchUp::chunk_of(StreamSequence place,
                                                            StreamSequence end) {
  const StreamSequence first = place - place % chunk_events;
  const auto known = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) {
    return kept.first == first && kept.events.back()->sequence > place;
  });
  if (known != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, known);
    return &known->events;
  }
  auto read = pages_.read(first, end, chunk_events);
  if (!read) {
    return tl::unexpected(read.error());
  }
  if (read->back()->sequence <= place) {
    return eventstore::fail(eventstore::Error::Kind::unavailable,
                            "EVENTS was given in part; it is read again");
  }
  std::erase_if(kept_, [&](const Kept& kept) { return kept.first == first; });
  kept_.push_front({first, std::move(*read)});
  while (kept_.size() > kept_chunks_max) {
    kept_.pop_back();
  }
  return &kept_.front().events;
}

}  // namespace vsim::api
