// Goal: JetStreamStore and MemoryStore keep the same contract, so that what is tested on the one
// holds on the other. Method: every claim runs on both, the first on a real nats-server.

#include <algorithm>
#include <memory>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "eventstore/jetstream_store.h"
#include "eventstore/memory_store.h"
#include "eventstore/streams.h"
#include "schema/messages/catalogue_files.h"
#include "tests/harness/eventually.h"
#include "tests/harness/private_nats.h"

using namespace vsim::eventstore;
using namespace std::chrono_literals;

namespace {

// A store of either kind with nothing in it, and what it stands on.
struct Ground {
  std::unique_ptr<harness::PrivateNats> nats;
  std::unique_ptr<Broker> broker;
  std::unique_ptr<Broker> prompt;
  std::unique_ptr<EventStore> store;
};

Ground make_ground(bool real) {
  Ground ground;
  if (!real) {
    ground.store = std::make_unique<MemoryStore>();
    return ground;
  }
  ground.nats = std::make_unique<harness::PrivateNats>();
  ground.broker = std::move(Broker::connect({ground.nats->url(), "test"}).value());
  ground.prompt = std::move(Broker::connect({ground.nats->url(), "prompt", 5s, true}).value());
  const auto streams = vsim::messages::load_streams_definition(VSIM_SOURCE_DIR "/schema");
  REQUIRE(ensure_streams(*ground.broker, streams.value(), "EVENTS"));
  ground.store = std::make_unique<JetStreamStore>(*ground.broker, *ground.prompt, "EVENTS");
  return ground;
}

Append message(std::string subject, std::string payload,
               std::optional<Expectation> expected = std::nullopt) {
  return {std::move(subject), std::move(payload), {}, std::move(expected)};
}

Error::Kind kind_of(const Result<Sequence>& result) {
  REQUIRE_FALSE(result);
  return result.error().kind;
}

/// Of the four messages that the log begins with.
void keeps_pages(EventStore& store) {
  CHECK(store.load_page("vsim.evt.server.*.b", 1, 1).value().front().payload == "b1");
  CHECK(store.load_page("vsim.evt.server.*.b", 3, 9).value().front().payload == "b2");
  CHECK(store.load_page("vsim.evt.server.*.b", 4, 9).value().empty());
  const auto page = store.load_page(">", 2, 9).value();
  REQUIRE(page.size() == 3);
  CHECK(page[0].sequence == 2);
  CHECK(page[2].payload == "claim");
  const auto early = store.load_last_until("vsim.evt.server.*.b", 2).value();
  REQUIRE(early.size() == 1);
  CHECK(early[0].payload == "b1");
  CHECK(store.load_last_until("vsim.evt.server.>", 4).value().size() == 2);
  CHECK(store.load_last_until("vsim.evt.server.*.b", 1).value().empty());
  CHECK(store.load_last_until("vsim.evt.server.>", 0).value().empty());
}

void keeps_the_contract(EventStore& store) {
  CHECK(store.last_sequence().value() == 0);
  CHECK_FALSE(store.load(1).value());

  // A first message, expected to be the first.
  const auto a = std::string("vsim.evt.server.r.a");
  const std::vector first = {message(a, "a1", Expectation{a, 0})};
  CHECK(store.append(first).value() == 1);
  CHECK(kind_of(store.append(first)) == Error::Kind::conflict);

  // A batch over two subjects, with a wildcard expectation.
  const auto ip = std::string("vsim.evt.ip.r.10-0-0-1");
  const std::vector batch = {
      message("vsim.evt.server.r.b", "b1", Expectation{"vsim.evt.server.*.b", 0}),
      message("vsim.evt.server.r.b", "b2"), message(ip, "claim", Expectation{ip, 0})};
  CHECK(store.append(batch).value() == 4);

  // All or nothing: the second expectation fails, so the first message is not there either.
  const std::vector refused = {
      message("vsim.evt.server.r.c", "c1", Expectation{"vsim.evt.server.*.c", 0}),
      message(ip, "claim again", Expectation{ip, 0})};
  CHECK(kind_of(store.append(refused)) == Error::Kind::conflict);
  CHECK(store.last_sequence().value() == 4);

  // The same id in another region is found through the wildcard.
  CHECK(kind_of(store.append(std::vector{
            message("vsim.evt.server.other.b", "b", Expectation{"vsim.evt.server.*.b", 0})})) ==
        Error::Kind::conflict);

  // The last of several subjects, and nothing for those that are empty.
  const std::vector<std::string> filters = {"vsim.evt.server.*.b", a, "vsim.evt.server.*.nobody"};
  auto lasts = store.load_last(filters).value();
  REQUIRE(lasts.size() == 2);
  std::sort(lasts.begin(), lasts.end(),
            [](const auto& x, const auto& y) { return x.sequence < y.sequence; });
  CHECK(lasts[0].payload == "a1");
  CHECK(lasts[1].payload == "b2");
  CHECK(lasts[1].sequence == 3);
  CHECK(store.load_last(std::vector<std::string>{"vsim.evt.server.*.nobody"}).value().empty());
  CHECK(store.load_last(std::vector<std::string>{"vsim.evt.server.>"}).value().size() == 2);

  const auto history = store.load_history("vsim.evt.server.*.b").value();
  REQUIRE(history.size() == 2);
  CHECK(history[0].payload == "b1");
  CHECK(history[1].payload == "b2");
  keeps_pages(store);
  CHECK(store.load(4).value()->payload == "claim");
  CHECK(store.load(4).value()->subject == ip);

  // Side by side: each succeeds or fails alone.
  const std::vector each = {message(a, "a2", Expectation{a, 1}),
                            message(a, "late", Expectation{a, 1}),
                            message("vsim.evt.server.r.d", "d1")};
  const auto results = store.append_each(each);
  REQUIRE(results.size() == 3);
  CHECK(results[0].value() == 5);
  CHECK(kind_of(results[1]) == Error::Kind::conflict);
  CHECK(results[2]);
}

/// What a chain was refused for, and how much of it was not.
struct Stopped {
  std::size_t stored = 0;
  Error::Kind kind{};
  bool operator==(const Stopped&) const = default;
};
Stopped stopped(const ChainEnd& end) {
  REQUIRE(end.error);
  return {end.stored, end.error->kind};
}

void keeps_chains(EventStore& store) {
  const auto append = [&](const std::vector<Append>& chain) {
    const Chain one(chain);
    return store.append_chains(std::span(&one, 1)).front();
  };
  const std::string a = "vsim.evt.server.r.a";
  const std::string b = "vsim.evt.server.r.b";
  const std::string ip = "vsim.evt.ip.r.10-0-0-1";

  // All of it, in order.
  const auto all = append({message(ip, "claim", Expectation{ip, 0}),
                           message(a, "a1", Expectation{"vsim.evt.server.*.a", 0})});
  CHECK_FALSE(all.error);
  CHECK(all.stored == 2);
  CHECK(all.last == 2);
  CHECK(store.load(1).value()->payload == "claim");
  CHECK(store.load(2).value()->payload == "a1");

  // Refused at its first message: nothing is stored.
  CHECK(stopped(append(
            {message(ip, "claim", Expectation{ip, 0}), message(b, "b1", Expectation{b, 0})})) ==
        Stopped{0, Error::Kind::conflict});
  CHECK(store.last_sequence().value() == 2);

  // Refused in the middle: what is before it stays, what is behind it is not stored.
  const auto middle = append({message(ip, "claim again", Expectation{ip, 1}),
                              message(a, "late", Expectation{"vsim.evt.server.*.a", 0}),
                              message(b, "b1", Expectation{b, 0})});
  CHECK(stopped(middle) == Stopped{1, Error::Kind::conflict});
  CHECK(middle.last == 3);
  CHECK(store.last_sequence().value() == 3);
  CHECK(store.load_last(std::vector{b}).value().empty());

  // Refused at its last message.
  CHECK(stopped(
            append({message(b, "b1", Expectation{b, 0}), message(a, "late", Expectation{a, 0})})) ==
        Stopped{1, Error::Kind::conflict});
}

void keeps_chains_apart(EventStore& store) {
  // Several at once: each ends by itself, and their messages may mix.
  std::vector<std::vector<Append>> many;
  for (int i = 0; i < 20; ++i) {
    const auto id = std::to_string(i);
    const auto expected = i == 7 ? Sequence{99} : Sequence{0};
    many.push_back({message("vsim.evt.ip.r." + id, "claim"),
                    message("vsim.evt.server.r." + id, "server",
                            Expectation{"vsim.evt.server.*." + id, expected})});
  }
  const std::vector<Chain> chains(many.begin(), many.end());
  const auto ends = store.append_chains(chains);
  REQUIRE(ends.size() == chains.size());
  for (std::size_t i = 0; i < ends.size(); ++i) {
    CAPTURE(i);
    if (i == 7) {
      CHECK(stopped(ends[i]) == Stopped{1, Error::Kind::conflict});
      continue;
    }
    REQUIRE_FALSE(ends[i].error);
    CHECK(ends[i].stored == 2);
    CHECK(store.load(ends[i].last).value()->subject == many[i].back().subject);
  }
}

void takes_a_long_chain(EventStore& store) {
  // As long as one may be.
  std::vector<Append> longest;
  for (std::size_t i = 0; i < chain_messages_max; ++i) {
    longest.push_back(message("vsim.evt.long." + std::to_string(i), "x"));
  }
  const Chain one(longest);
  const auto end = store.append_chains(std::span(&one, 1)).front();
  CHECK_FALSE(end.error);
  CHECK(end.stored == chain_messages_max);
  CHECK(end.last == store.last_sequence().value());
}

void follows(EventStore& store) {
  Headers headers = {{"Vsim-Reply-To", "_INBOX.x"}};
  for (int i = 1; i <= 5; ++i) {
    const Append append{"vsim.evt.server.r.a", std::to_string(i), headers, std::nullopt};
    REQUIRE(store.append(std::span(&append, 1)));
  }
  const auto follower = store.follow(2);
  std::vector<Message> seen;
  while (seen.size() < 3) {
    const auto some = follower->next(2, 2000ms).value();
    REQUIRE_FALSE(some.empty());
    seen.insert(seen.end(), some.begin(), some.end());
  }
  CHECK(seen.front().sequence == 3);
  CHECK(seen.back().payload == "5");
  CHECK(find_header(seen.back().headers, "Vsim-Reply-To") == "_INBOX.x");
  CHECK(follower->next(10, 10ms).value().empty());
  const Append late{"vsim.evt.clock", "6", {}, std::nullopt};
  REQUIRE(store.append(std::span(&late, 1)));
  const auto rest = follower->next(10, 2000ms).value();
  REQUIRE(rest.size() == 1);
  CHECK(rest.front().sequence == 6);
}

}  // namespace

TEST_CASE("a log in memory appends, refuses and loads as the contract says") {
  keeps_the_contract(*make_ground(false).store);
}

TEST_CASE("a log on JetStream appends, refuses and loads as the contract says") {
  const auto ground = make_ground(true);
  keeps_the_contract(*ground.store);
}

TEST_CASE("a chain in memory ends where it is refused") { keeps_chains(*make_ground(false).store); }

TEST_CASE("a chain on JetStream ends where it is refused") {
  for (const auto& keeps : {keeps_chains, keeps_chains_apart, takes_a_long_chain}) {
    const auto ground = make_ground(true);
    keeps(*ground.store);
  }
}

TEST_CASE("a chain in a broker that dies has an end, and what is stored of it is a prefix") {
  const auto ground = make_ground(true);
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    std::vector<Append> messages;
    for (std::size_t i = 0; i < chain_messages_max; ++i) {
      const auto subject = fmt::format("vsim.evt.round.{}.{}", round, i);
      messages.push_back(message(subject, std::to_string(i), Expectation{subject, 0}));
    }
    REQUIRE(harness::eventually([&] { return ground.prompt->connected(); }, 60s));
    const auto before = ground.store->last_sequence().value();
    const Chain chain(messages);
    std::vector<ChainEnd> ends;
    std::jthread writer([&] { ends = ground.store->append_chains(std::span(&chain, 1)); });
    // Until some of it is there.
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (ground.store->last_sequence().value_or(before) <= before + 5 &&
           std::chrono::steady_clock::now() < give_up) {
      std::this_thread::yield();
    }
    ground.nats->kill();
    writer.join();
    REQUIRE(ends.size() == 1);
    ground.nats->restart();
    auto last = ground.store->last_sequence();
    const auto back_by = std::chrono::steady_clock::now() + 60s;
    while (!last && std::chrono::steady_clock::now() < back_by) {
      last = ground.store->last_sequence();
    }
    REQUIRE_MESSAGE(last, last.error().detail);
    const auto stored = static_cast<std::size_t>(*last - before);
    CHECK(stored >= 5);
    CHECK(stored <= chain_messages_max);
    if (ends.front().error) {
      CHECK(ends.front().error->kind == Error::Kind::unknown);
      CHECK(ends.front().stored <= stored);
    } else {
      CHECK(stored == chain_messages_max);
    }
    for (std::size_t i = 0; i < stored; ++i) {
      CHECK(ground.store->load(before + 1 + i).value()->payload == std::to_string(i));
    }
  }
}

TEST_CASE("without a broker a chain is unavailable at once") {
  const auto ground = make_ground(true);
  ground.nats->kill();
  const std::vector chain = {message("vsim.evt.a", "a"), message("vsim.evt.b", "b")};
  const Chain one(chain);
  auto end = ground.store->append_chains(std::span(&one, 1)).front();
  REQUIRE(end.error);  // unknown as long as the connection does not know that it is gone
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (end.error->kind != Error::Kind::unavailable) {
    REQUIRE(std::chrono::steady_clock::now() < give_up);
    end = ground.store->append_chains(std::span(&one, 1)).front();
    REQUIRE(end.error);
  }
  CHECK(end.stored == 0);
}

TEST_CASE("a log in memory is followed from any position, as it grows") {
  follows(*make_ground(false).store);
}

TEST_CASE("a log on JetStream is followed from any position, as it grows") {
  const auto ground = make_ground(true);
  follows(*ground.store);
}

TEST_CASE("a thousand messages are one batch, and one more are two requests to load") {
  const auto ground = make_ground(true);
  std::vector<Append> batch;
  std::vector<std::string> filters;
  for (std::size_t i = 0; i < batch_messages_max; ++i) {
    batch.push_back(message("vsim.evt.server.r." + std::to_string(i), "x"));
    filters.push_back("vsim.evt.server.*." + std::to_string(i));
  }
  CHECK(ground.store->append(batch).value() == batch_messages_max);
  filters.push_back("vsim.evt.server.*.none");
  CHECK(ground.store->load_last(filters).value().size() == batch_messages_max);
}

TEST_CASE("a follower outlives a crash of the broker and misses nothing") {
  const auto ground = make_ground(true);
  const auto one = message("vsim.evt.clock", "1");
  REQUIRE(ground.store->append(std::span(&one, 1)));
  const auto follower = ground.store->follow(0);
  CHECK(follower->next(10, 2000ms).value().size() == 1);

  ground.nats->kill();
  ground.nats->restart();
  const auto two = message("vsim.evt.clock", "2");
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!ground.store->append(std::span(&two, 1))) {
    REQUIRE(std::chrono::steady_clock::now() < give_up);
  }
  std::vector<Message> seen;
  while (seen.empty() && std::chrono::steady_clock::now() < give_up) {
    if (const auto some = follower->next(10, 500ms)) {
      seen = *some;
    }
  }
  REQUIRE(seen.size() >= 1);
  CHECK(seen.front().sequence == 2);
}

TEST_CASE("a message that the broker cannot read hides none of the others") {
  Ground ground = make_ground(true);
  const std::vector<std::string> subjects = {"vsim.evt.server.r.a", "vsim.evt.server.r.damaged",
                                             "vsim.evt.server.r.b", "vsim.evt.clock"};
  const auto found = [&](std::span<const std::string> filters) {
    std::vector<std::string> found_subjects;
    const auto lasts = ground.store->load_last(filters);
    REQUIRE_MESSAGE(lasts, lasts.error().detail);
    for (const auto& last : *lasts) {
      found_subjects.push_back(last.subject);
    }
    return found_subjects;
  };
  for (const auto& subject : subjects) {
    REQUIRE(ground.store->append(std::vector{message(subject, "of " + subject)}));
  }
  CHECK(found(subjects).size() == 4);
  ground.nats->restart_damaged("of vsim.evt.server.r.damaged");
  // Both connections: one subject is asked for on one of them, several on the other.
  REQUIRE(harness::eventually(
      [&] { return ground.broker->connected() && ground.prompt->connected(); }, 60s));
  CHECK(found(subjects) == std::vector{subjects[0], subjects[2], subjects[3]});
  CHECK(found(std::span(subjects).subspan(1, 1)).empty());
  const std::vector<std::string> unknown = {"vsim.evt.server.r.x", "vsim.evt.server.r.y"};
  CHECK(found(unknown).empty());
}
