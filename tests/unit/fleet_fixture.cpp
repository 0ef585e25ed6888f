#include "tests/unit/fleet_fixture.h"

#include <doctest/doctest.h>

#include "schema/messages/subjects.h"

namespace vsim::fixture {

using eventstore::Append;

void learn_from_this_machine(eventstore::BrokerClock& clock) {
  const auto before = eventstore::BootClock::now();
  const auto now = std::chrono::system_clock::now();
  clock.learn(before, now, eventstore::BootClock::now());
}

ServerId server_number(std::uint8_t n) {
  ServerId id = the_server;
  id.uuid.bytes[0] = n;
  return id;
}

Command for_number(std::uint8_t n, Action action) {
  auto made = command(std::move(action));
  made.server = server_number(n);
  return made;
}

Command create_number(std::uint8_t n, const char* profile) {
  auto create = a_create();
  create.profile = profile;
  return for_number(n, create);
}

Fleet::Worker::Worker(eventstore::MemoryStore& store,
                      std::chrono::milliseconds claim_check_interval)
    : wall(measured_once),
      view(
          store, wall, [] { return read_model::FleetSnapshot{}; }, claim_check_interval),
      reaped(metrics),
      costs(metrics),
      tools{
          .store = store, .view = view, .catalogue = catalogue(), .reaped = reaped, .costs = costs},
      addresses(tools),
      thread([this](std::stop_token stop) { view.run(stop); }) {
  learn_from_this_machine(wall);
  REQUIRE(view.wait_until_ready(thread.get_stop_token()));
}

Fleet::Worker::~Worker() { thread.request_stop(); }

void Fleet::Worker::catch_up() { REQUIRE(view.catch_up()); }

Fleet::Fleet(eventstore::MemoryStore& store, std::uint32_t addresses, double scale)
    : store_(store) {
  const auto first = *Ipv4::parse("192.168.10.1");
  const PoolEvent pool{
      {1, at(0), std::nullopt, {"seed", {}}, PoolExtended{{{first, {first.bits + addresses - 1}}}}},
      the_region};
  std::vector<Append> seeds = {
      {std::string(messages::clock_subject),
       messages::encode(ClockEvent{1, at(0), std::nullopt, {"seed", {}}, ClockStarted{scale, 7}},
                        SimClock{}),
       {},
       std::nullopt},
      {messages::pool_events(the_region),
       messages::encode(pool, evolve(Pool{}, pool)),
       {},
       std::nullopt}};
  for (auto& seed : seeds) {
    seed.expected = eventstore::Expectation{seed.subject, 0};
    while (true) {
      const auto appended = store_.append(std::span(&seed, 1));
      // A conflict: it is there, only the answer was lost.
      if (appended || appended.error().kind == eventstore::Error::Kind::conflict) {
        break;
      }
    }
  }
  worker_ = std::make_unique<Worker>(store_);
  worker_->catch_up();
}

Fleet::~Fleet() = default;

Verdict Fleet::handle(const Command& command, bool may_be_repeat) {
  return handle_group(*worker_, std::span(&command, 1), may_be_repeat).front();
}

std::vector<messages::ServerLogged> Fleet::history(const ServerId& server) {
  std::vector<messages::ServerLogged> events;
  const auto stored = store_.load_history(messages::any_events_of(server)).value();
  for (const auto& message : stored) {
    auto logged = messages::decode_event(message);
    REQUIRE(logged);
    events.push_back(std::get<messages::ServerLogged>(std::move(*logged)));
  }
  return events;
}

State Fleet::state(const ServerId& server) {
  const auto events = history(server);
  return events.empty() ? State{} : events.back().state;
}

std::vector<Verdict> handle_group(Fleet::Worker& worker, std::span<const Command> commands,
                                  bool may_be_repeat) {
  std::vector<std::unique_ptr<workers::CommandProposal>> proposals;
  std::vector<workers::Proposal*> group;
  workers::AddressFinder addresses(worker.tools);
  for (const auto& command : commands) {
    proposals.push_back(std::make_unique<workers::CommandProposal>(
        worker.tools, addresses, command,
        workers::CommandProposal::Delivery{.reply_to = {}, .may_be_repeat = may_be_repeat}));
    group.push_back(proposals.back().get());
  }
  // As the command worker does: an unavailable log is tried again.
  while (true) {
    const auto committed = workers::commit(worker.tools, group);
    if (committed) {
      break;
    }
    REQUIRE(committed.error().kind == eventstore::Error::Kind::unavailable);
    std::erase_if(group, [](const auto* proposal) { return proposal->is_done(); });
  }
  std::vector<Verdict> verdicts;
  for (const auto& proposal : proposals) {
    REQUIRE(proposal->is_done());
    verdicts.push_back(proposal->verdict());
  }
  return verdicts;
}

}  // namespace vsim::fixture
