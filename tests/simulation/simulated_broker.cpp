// eventstore::Broker on the simulated broker, in place of eventstore/broker.cpp (D80). Requests
// take a while, get lost, or lose their answers, as the weather says.

#include <fmt/format.h>

#include "eventstore/broker.h"
#include "tests/simulation/world.h"

namespace vsim::eventstore {

using simulation::Hub;
using simulation::Inbox;
using simulation::Link;
using simulation::Machine;
using simulation::Time;
using simulation::world;

BrokerLibrary::BrokerLibrary() = default;
BrokerLibrary::~BrokerLibrary() = default;

std::string new_token() { return fmt::format("T{:08}", world().hub.new_token()); }

struct Broker::Impl {
  std::shared_ptr<Link> link;
  std::chrono::milliseconds timeout{5000};
};

namespace {

using namespace std::chrono_literals;

/// Short, for the list of steps.
std::string in_short(std::string_view text) { return std::string(text.substr(0, 120)); }

bool is_there(const Link& link) {
  return Machine::here().lives() && link.connected && !link.closed;
}

class SimulatedSubscription : public Subscription {
 public:
  explicit SimulatedSubscription(std::shared_ptr<Inbox> inbox) : inbox_(std::move(inbox)) {}
  ~SimulatedSubscription() override { inbox_->ended = true; }

  Result<std::optional<Received>> next(std::chrono::milliseconds wait) override {
    auto& machine = Machine::here();
    const Time until = machine.now() + wait;
    while (true) {
      if (inbox_->link->closed || !machine.lives()) {
        machine.yield();
        return fail(Error::Kind::unavailable, "the connection is closed");
      }
      if (pending() > 0) {
        auto received = std::move(inbox_->messages.front().message);
        inbox_->messages.pop_front();
        machine.step("hears " + in_short(received.subject));
        return std::optional(std::move(received));
      }
      if (machine.now() >= until) {
        return std::optional<Received>();
      }
      const bool comes = !inbox_->messages.empty();
      machine.wait(inbox_.get(), comes ? std::min(until, inbox_->messages.front().arrives) : until);
    }
  }

  std::size_t pending() const override {
    std::size_t count = 0;
    for (const auto& message : inbox_->messages) {
      count += message.arrives <= Machine::here().now() ? 1 : 0;
    }
    return count;
  }

  void end() override { inbox_->ended = true; }

 private:
  std::shared_ptr<Inbox> inbox_;
};

/// The way to the broker or back. False: the connection was lost on it.
bool travel(const Link& link) {
  auto& machine = Machine::here();
  const auto reconnects = link.reconnects;
  machine.sleep(world().weather.time_of_way(machine));
  return is_there(link) && link.reconnects == reconnects;
}

}  // namespace

Broker::Broker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Broker::~Broker() {
  impl_->link->closed = true;
  impl_->link->connected = false;
}

Result<std::unique_ptr<Broker>> Broker::connect(const BrokerOptions& options) {
  auto& machine = Machine::here();
  machine.step("connects to the broker as " + options.name);
  if (!machine.lives() || !world().hub.up()) {
    return fail(Error::Kind::unavailable, "connection refused");
  }
  auto impl = std::make_unique<Impl>();
  impl->link = world().hub.connect(Machine::current()->process);
  impl->timeout = options.timeout;
  return std::unique_ptr<Broker>(new Broker(std::move(impl)));
}

Result<Received> Broker::request(const std::string& subject, std::string_view payload,
                                 const Headers& headers) const {
  auto& machine = Machine::here();
  const auto& link = *impl_->link;
  machine.step(fmt::format("asks {} {}", subject, in_short(payload)));
  if (!is_there(link)) {
    machine.yield();
    return fail(Error::Kind::unavailable, subject + ": not connected");
  }
  const auto luck = world().weather.luck_of_request(machine);
  const auto lost = [&](const char* why) {
    machine.note(fmt::format("  {} {}", why, subject));
    machine.sleep(impl_->timeout);
    return fail(Error::Kind::unknown, subject + ": timed out");
  };
  if (luck == simulation::Luck::request_lost) {
    return lost("the request is lost:");
  }
  if (!travel(link)) {
    return fail(Error::Kind::unknown, subject + ": the connection was lost");
  }
  auto reply = world().hub.take(subject, std::string(payload), headers, {});
  if (luck == simulation::Luck::answer_lost) {
    return lost("the answer is lost:");
  }
  if (!travel(link)) {
    return fail(Error::Kind::unknown, subject + ": the connection was lost");
  }
  if (!reply) {
    return lost("no answer:");
  }
  machine.note(
      fmt::format("  {} {}", find_header(reply->headers, "Status"), in_short(reply->payload)));
  if (find_header(reply->headers, "Status") == "503" && reply->payload.empty()) {
    return fail(Error::Kind::unavailable, subject + ": no responders");
  }
  return std::move(*reply);
}

/// Never throws: destructors publish too.
void Broker::publish(const std::string& subject, std::string_view payload, const Headers& headers,
                     const std::string& reply_to) const {
  auto& machine = Machine::here();
  if (!is_there(*impl_->link)) {
    return;
  }
  machine.note(fmt::format("sends {} {}", subject, in_short(payload)));
  const bool is_event = subject.starts_with("vsim.evt.");  // no destructor sends one
  const auto stalled = is_event ? world().weather.time_stalled(machine) : Time(0);
  stalled > Time(0) ? machine.sleep(stalled) : machine.yield();
  if (!is_there(*impl_->link)) {
    return;
  }
  world().hub.take(subject, std::string(payload), headers, reply_to);
}

bool Broker::flush() const {
  Machine::here().yield();
  return is_there(*impl_->link);
}

std::unique_ptr<Subscription> Broker::subscribe(const std::string& subject) const {
  return std::make_unique<SimulatedSubscription>(world().hub.subscribe(impl_->link, subject));
}

std::string Broker::new_inbox() const { return "_INBOX." + new_token(); }

void Broker::give_up() {
  impl_->link->closed = true;
  impl_->link->connected = false;
}

bool Broker::connected() const { return is_there(*impl_->link); }
std::uint64_t Broker::reconnects() const { return impl_->link->reconnects; }
std::uint64_t Broker::permission_errors() const { return 0; }
std::string Broker::server_version() const { return "2.15.2"; }

}  // namespace vsim::eventstore
