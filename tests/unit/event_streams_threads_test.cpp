// Goal: stretches of the log come whole, in order and with the bills of their place; a client that
// is behind gets pages of it, and one that is not is served from memory.
// Method: a log of watermarks and a server's life in a MemoryStore, read from every place.

#include <future>

#include <doctest/doctest.h>

#include "api/events/catch_up.h"
#include "api/events/event_window.h"
#include "eventstore/memory_store.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"
#include "tests/unit/server_fixture.h"

namespace vsim::api {
namespace {

using eventstore::Append;
using eventstore::MemoryStore;

/// 300 messages: a server is provisioned, then watermarks of its region, and it is stopped at 200.
struct Ground {
  MemoryStore log;
  State state;

  Ground() {
    for (Version version = 1; log.last_sequence().value() < 300; ++version) {
      const auto next = log.last_sequence().value() + 1;
      if (next == 1) {
        decide_and_append(fixture::a_create(), 0);
      } else if (next == 200) {
        decide_and_append(Stop{}, 200);
      } else {
        append(messages::billing_events(fixture::the_region),
               messages::encode(BillingWatermark{fixture::the_region, version,
                                                 fixture::at(static_cast<std::int64_t>(next))}));
      }
    }
  }
  void append(const std::string& subject, const std::string& payload) {
    const Append one{subject, payload, {}, std::nullopt};
    REQUIRE(log.append({&one, 1}));
  }
  void decide_and_append(Action action, std::int64_t second) {
    auto create = std::get_if<Create>(&action);
    if (create != nullptr) {
      create->profile = "instant";
    }
    const auto decided =
        decide(state, fixture::command(std::move(action)), fixture::at(second), fixture::context());
    for (const Event& event : decided.events) {
      state = evolve(std::move(state), event);
      append(messages::server_events(event.region, event.server), messages::encode(event, state));
    }
  }

  std::vector<SharedEvent> all() {
    EventPages pages(log);
    std::vector<SharedEvent> events;
    const auto end = log.last_sequence().value();
    while (events.size() < end) {
      const auto page = pages.read(events.size(), end, 7);
      REQUIRE(page);
      events.insert(events.end(), page->begin(), page->end());
    }
    return events;
  }
};

TEST_CASE("an event has the same bytes from wherever the log is read") {
  Ground ground;
  const auto all = ground.all();
  for (StreamSequence after : {0, 1, 7, 150, 198, 199, 299}) {
    CAPTURE(after);
    EventPages pages(ground.log);
    const auto page = pages.read(after, 300, 300);
    REQUIRE(page);
    REQUIRE(page->size() == 300 - after);
    for (const auto& event : *page) {
      CHECK(event->json == all[event->sequence - 1]->json);
    }
  }
  // Billed up to the watermark before it: 199.
  CHECK(all[199]->type == "server_stopped");
  CHECK(all[199]->status == "STOPPED");
  CHECK(all[199]->json.find(R"("accrued_seconds":200,)") != std::string::npos);
  CHECK(all[0]->json.find(R"("accrued_seconds":0,)") != std::string::npos);
  CHECK(all[199]->json.find('\n') == std::string::npos);
}

TEST_CASE("an end that the log has not reached is an error, and no gap") {
  Ground ground;
  EventPages pages(ground.log);
  CHECK(pages.read(299, 301, 10)->size() == 1);
  const auto lost = pages.read(300, 301, 10);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().kind == eventstore::Error::Kind::damaged);
  CHECK(pages.read(300, 300, 10)->empty());
}

TEST_CASE("who is behind gets pages until the end, whatever matches") {
  Ground ground;
  const auto all = ground.all();
  EventFilter stopped;
  stopped.event = "server_stopped";
  for (const EventFilter& filter : {EventFilter{}, stopped}) {
    for (const StreamSequence from : {0, 5, 127, 128, 250, 299}) {
      CAPTURE(from);
      EventBlock wanted;
      for (const auto& event : all) {
        if (event->sequence > from && filter.matches(*event)) {
          wanted.add(*event);
        }
      }
      std::string got;
      StreamSequence place = from;
      while (place < 300) {
        std::promise<CatchUp::Page> delivered;
        CatchUp catch_up(ground.log,
                         [&](CatchUp::Page page) { delivered.set_value(std::move(page)); });
        catch_up.request({7, place, 300, filter});
        const auto page = delivered.get_future().get();
        CHECK(page.client == 7);
        REQUIRE(page.place > place);
        place = page.place;
        got += page.block->text;
      }
      CHECK(got == wanted.text);
    }
  }
}

TEST_CASE("the window knows how far back it reaches, and forgets the oldest") {
  Ground ground;
  const auto all = ground.all();
  EventWindow window;
  CHECK_FALSE(window.place());
  CHECK_FALSE(window.reaches_back_to(0));
  window.begin(100);
  CHECK(window.reaches_back_to(100));
  CHECK(window.reaches_back_to(400));  // that is yet to come
  CHECK_FALSE(window.reaches_back_to(99));
  window.add(std::span(all).subspan(100));
  CHECK(window.place() == StreamSequence(300));
  CHECK(window.reaches_back_to(100));
  CHECK_FALSE(window.reaches_back_to(99));

  StreamSequence place = 150;
  EventBlock taken;
  while (place < 300) {
    taken.text += window.take({}, place, 4000).text;
  }
  EventBlock wanted;
  for (const auto& event : std::span(all).subspan(150)) {
    wanted.add(*event);
  }
  CHECK(taken.text == wanted.text);

  // Many more than it keeps.
  auto next = *all.back();
  std::vector<SharedEvent> more;
  while (more.size() < window_events_max) {
    ++next.sequence;
    more.push_back(std::make_shared<const http::EventDocument>(next));
  }
  window.add(more);
  CHECK(window.reaches_back_to(300));
  CHECK_FALSE(window.reaches_back_to(299));
}

}  // namespace
}  // namespace vsim::api
