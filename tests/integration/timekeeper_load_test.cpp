// Goal: the timekeeper under load: 100,000 deadlines pending, 10,000 of them due within one second;
// none lost, none early, none fired twice, and many with one call of the log. How late they were is
// printed: that is the machine's matter too.
// Method: a log on a real nats-server, filled by evolve(); two timekeepers at once, both sure that
// they are the active one; the log's own stamps tell when each was stored.

#include <algorithm>
#include <atomic>
#include <thread>

#include <doctest/doctest.h>

#include "eventstore/clock_watch.h"
#include "eventstore/jetstream_store.h"
#include "eventstore/streams.h"
#include "ops/telemetry/metrics.h"
#include "schema/messages/catalogue_files.h"
#include "tests/harness/eventually.h"
#include "tests/harness/private_nats.h"
#include "tests/integration/sample_log.h"
#include "workers/fleet_view.h"
#include "workers/timekeeper.h"

using namespace vsim;
using namespace vsim::samples;
using namespace std::chrono_literals;
using eventstore::Append;
using eventstore::Broker;
using eventstore::JetStreamStore;
using std::chrono::floor;
using std::chrono::system_clock;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t pending = 10'000;  // ten times slower there, and not what is measured
constexpr std::size_t soon = 1'000;
#else
constexpr std::size_t pending = 100'000;
constexpr std::size_t soon = 10'000;
#endif

constexpr auto patience = 120s;

/// A store on connections of its own, like a worker's.
struct Connected {
  explicit Connected(const std::string& url)
      : appends(std::move(Broker::connect({url, "appends"}).value())),
        prompt(std::move(Broker::connect({url, "prompt", 5s, true}).value())),
        store(*appends, *prompt, "EVENTS") {}
  std::unique_ptr<Broker> appends;
  std::unique_ptr<Broker> prompt;
  JetStreamStore store;
};

/// Another store, and how many calls have appended to it.
class CountedStore : public eventstore::EventStore {
 public:
  explicit CountedStore(EventStore& store) : store_(store) {}

  std::size_t calls() const { return calls_; }

  eventstore::Result<eventstore::Sequence> append(std::span<const Append> batch) override {
    ++calls_;
    return store_.append(batch);
  }
  std::vector<eventstore::ChainEnd> append_chains(
      std::span<const eventstore::Chain> chains) override {
    ++calls_;
    return store_.append_chains(chains);
  }
  eventstore::Result<std::vector<eventstore::Message>> load_last(
      std::span<const std::string> filters) override {
    return store_.load_last(filters);
  }
  eventstore::Result<std::vector<eventstore::Message>> load_history(
      const std::string& filter) override {
    return store_.load_history(filter);
  }
  eventstore::Result<std::optional<eventstore::Message>> load_next(
      const std::string& filter, eventstore::Sequence from) override {
    return store_.load_next(filter, from);
  }
  eventstore::Result<std::optional<eventstore::Message>> load(
      eventstore::Sequence sequence) override {
    return store_.load(sequence);
  }
  eventstore::Result<eventstore::Sequence> last_sequence() override {
    return store_.last_sequence();
  }
  std::unique_ptr<eventstore::Follower> follow(eventstore::Sequence after) override {
    return store_.follow(after);
  }

 private:
  EventStore& store_;
  std::atomic<std::size_t> calls_ = 0;
};

/// A stopped server whose idle timeout ends at `due`.
Append stopped_server(std::uint64_t number, Instant now, Instant due) {
  auto wanted = blueprint("idle", Ipv4{static_cast<std::uint32_t>(0x0a000000 + number)});
  wanted.terms.create_ends_in = Status::stopped;
  wanted.terms.idle_timeout = due - now;
  const ServerId id{some_uuid(number)};
  const Event event{{1, now, std::nullopt, {"test", ""}, ServerProvisioned{wanted}}, id, us};
  const auto subject = messages::server_events(us, id);
  return {subject,
          messages::encode(event, evolve(State{}, event)),
          {},
          eventstore::Expectation{messages::any_events_of(id), 0}};
}

/// Servers number `first` to `last`, due evenly over the second from `due_from` on.
void fill(JetStreamStore& store, std::size_t first, std::size_t last, Instant due_from) {
  const auto now = floor<Duration>(system_clock::now());
  std::vector<Append> batch;
  for (std::size_t i = first; i <= last; ++i) {
    const auto part = Duration(1000 * (i - first) / (last - first + 1));
    batch.push_back(stopped_server(i, now, due_from + part));
    if (batch.size() == 500 || i == last) {
      REQUIRE(store.append(batch));
      batch.clear();
    }
  }
}

/// A view and a timekeeper in threads of their own, as in a worker.
class Keeper {
 public:
  explicit Keeper(const std::string& url)
      : connected_(url),
        watch_(*connected_.prompt, "EVENTS", wall_),
        view_(connected_.store, wall_, [] { return std::nullopt; }),
        timekeeper_(
            appended_, view_, costs_, [] { return true; }, metrics_),
        measures_([this](const std::stop_token& stop) { watch_.run(stop); }),
        follows_([this](const std::stop_token& stop) { view_.run(stop); }),
        keeps_([this](const std::stop_token& stop) { timekeeper_.run(stop); }) {}
  ~Keeper() {
    keeps_.request_stop();
    keeps_.join();
  }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  bool ready() const { return view_.status().ready; }
  std::size_t calls() const { return appended_.calls(); }
  std::size_t deadlines() const { return view_.status().deadlines; }

 private:
  Connected connected_;
  CountedStore appended_{connected_.store};
  telemetry::Metrics metrics_;
  eventstore::BrokerClock wall_;
  eventstore::ClockWatch watch_;
  workers::FleetView view_;
  workers::AppendCosts costs_{metrics_};
  workers::Timekeeper timekeeper_;
  std::jthread measures_;
  std::jthread follows_;
  std::jthread keeps_;
};

}  // namespace

TEST_CASE("of 100,000 deadlines the 10,000 of one second all fire once, many together") {
  harness::PrivateNats nats;
  Connected ground(nats.url());
  const auto streams = messages::load_streams_definition(VSIM_SOURCE_DIR "/schema");
  REQUIRE(eventstore::ensure_streams(*ground.appends, streams.value(), "EVENTS"));
  const auto now = floor<Duration>(system_clock::now());
  const Append clock{
      std::string(messages::clock_subject),
      messages::encode(ClockEvent{1, now, std::nullopt, {"seed", {}}, ClockStarted{1, 7}},
                       SimClock{}),
      {},
      std::nullopt};
  REQUIRE(ground.store.append(std::span(&clock, 1)));
  fill(ground.store, soon + 1, pending, now + 24h);

  Keeper one(nats.url());
  Keeper two(nats.url());
  const auto both_know = [&](std::size_t deadlines) {
    return one.ready() && two.ready() && one.deadlines() == deadlines &&
           two.deadlines() == deadlines;
  };
  REQUIRE(harness::eventually([&] { return both_know(pending - soon); }, patience));
  // These they follow while they run, well before the first is due.
  const auto soon_from = floor<Duration>(system_clock::now()) + 20s;
  fill(ground.store, 1, soon, soon_from);
  const auto filled = ground.store.last_sequence().value();
  REQUIRE(harness::eventually([&] { return both_know(pending); }, 15s));
  REQUIRE(harness::eventually([&] { return both_know(pending - soon); }, patience));
  CHECK(one.calls() + two.calls() < soon / 4);

  std::map<std::string, int> fired;
  std::vector<Duration> lateness;
  const auto follower = ground.store.follow(filled);
  const auto end = ground.store.last_sequence().value();
  for (auto read = filled; read < end;) {
    const auto messages = follower->next(1000, patience);
    REQUIRE(messages);
    REQUIRE_FALSE(messages->empty());
    read += messages->size();
    for (const auto& message : *messages) {
      const auto logged = messages::decode_event(message).value();
      const auto* server = std::get_if<messages::ServerLogged>(&logged);
      if (server == nullptr) {
        continue;
      }
      CHECK(std::holds_alternative<ServerTerminated>(server->event.data));
      ++fired[message.subject];
      lateness.push_back(floor<Duration>(message.stored_at) - server->event.at);
    }
  }
  CHECK(fired.size() == soon);
  CHECK(lateness.size() == soon);
  REQUIRE_FALSE(lateness.empty());
  const auto p99 = lateness.begin() + static_cast<std::ptrdiff_t>(lateness.size() * 99 / 100);
  std::nth_element(lateness.begin(), p99, lateness.end());
  MESSAGE("lateness p99 ", p99->count(), " ms");
  // A process that knows the broker's time less exactly decides nothing.
  CHECK(*std::min_element(lateness.begin(), lateness.end()) > -500ms);
}
