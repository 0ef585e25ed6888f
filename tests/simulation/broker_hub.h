#pragma once

// The simulated broker: JetStream's requests and subjects as nats-server answers them, its
// consumers, its connections, and its crashes. The product's own code talks to it over
// eventstore::Broker (simulated_broker.cpp), so everything above that class is the real thing.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "eventstore/received.h"
#include "tests/simulation/broker_streams.h"

namespace vsim::simulation {

/// One connection of a process.
struct Link {
  std::shared_ptr<Process> process;
  bool connected = true;
  bool closed = false;
  std::uint64_t reconnects = 0;
  Time heard_at{0};  // when the last message on its way arrives: they keep their order
  std::optional<Time> back_at = {};  // while it is not connected
};

/// A subscription of a connection.
struct Inbox {
  std::string filter;
  std::shared_ptr<Link> link;
  bool ended = false;
  struct OnItsWay {
    Time arrives{};
    eventstore::Received message;
  };
  std::deque<OnItsWay> messages;
};

/// A pull request that stands.
struct Pull {
  std::string inbox;
  std::uint64_t left = 0;
  Time expires{};
  Time heartbeat_every{0};
  Time next_heartbeat{};
};

struct Consumer {
  std::string name;
  std::string filter;
  bool explicit_acks = false;
  bool in_memory = false;
  Time ack_wait{0};
  std::uint64_t deliveries_max = 0;
  Sequence next = 1;
  std::uint64_t delivered = 0;
  std::map<Sequence, Time> pending;              // until it is delivered again
  std::map<Sequence, std::uint64_t> deliveries;  // of what is not acked
  std::deque<Sequence> again;
  std::deque<Pull> pulls;
  std::optional<Time> paused_until;
};

/// What may go wrong on the way of a message, by chance.
struct DeliveryFaults {
  double delayed = 0;   // a delivery or a reply takes seconds
  double repeated = 0;  // a command is delivered though its worker has it in hand
  double doubled = 0;   // a reply comes once more, later
};

class Hub : public Clockwork {
 public:
  explicit Hub(Machine& machine);

  // ---- what clients do
  std::shared_ptr<Link> connect(std::shared_ptr<Process> process);
  std::shared_ptr<Inbox> subscribe(const std::shared_ptr<Link>& link, std::string filter);
  /// A message that arrives at the broker. Gives the reply to a request, where there is one.
  std::optional<eventstore::Received> take(const std::string& subject, const std::string& payload,
                                           const Headers& headers, const std::string& reply_to);
  bool up() const { return machine_.now() >= up_at_; }

  // ---- what the world does
  Stream& stream(std::string_view name);
  /// The consumer `commands` of COMMANDS, as schema/messages/streams.json has it.
  void make_commands_consumer();
  void delete_commands_consumer();
  /// COMMANDS is gone, with its consumer, until somebody makes it anew.
  void delete_commands();
  void set_ack_wait(Time ack_wait);
  /// A purge by filter or place: what is left of the stream is delivered again only after the ack
  /// wait, as nats-server 2.15 does it (D73).
  void forget_redeliveries(const Stream& stream);
  /// The process of the broker ends and comes back: what it had not synced may be lost.
  void crash(Time down, bool loses_tail, bool loses_acks);
  /// Such a crash, after which EVENTS is a copy that was made when `end` was its last message.
  void crash_to_older_events(Time down, Sequence end);
  void drop(const std::shared_ptr<Link>& link, Time down);
  const std::vector<std::shared_ptr<Link>>& links() const { return links_; }
  void refuse_appends_until(Time until) { refuses_until_ = until; }
  void pause_consumer_until(Time until);
  DeliveryFaults faults;

  // ---- Clockwork
  std::optional<Time> next() const override;
  void advance(Time now) override;

  std::uint64_t new_token() { return ++tokens_; }

 private:
  using Reply = std::optional<eventstore::Received>;

  Reply take_api(const std::string& subject, const std::string& payload,
                 const std::string& reply_to);
  Reply take_stream_request(const std::string& subject, const std::string& payload);
  Reply take_consumer_request(const std::string& subject, const std::string& payload);
  Reply take_direct_get(const Stream& stream, const std::string& payload,
                        const std::string& reply_to);
  void take_pull(const std::string& subject, const std::string& payload,
                 const std::string& reply_to);
  Reply purge(Stream& stream, const std::string& payload);
  std::string info_of(const Stream& stream) const;
  std::string info_of(const Stream& stream, const Consumer& consumer) const;
  Reply take_append(Stream& stream, Incoming&& message, const std::string& reply_to);
  Reply take_batch_part(Stream& stream, Incoming&& message);
  void take_chain_part(Stream& stream, const Incoming& message, const std::string& reply_to);
  StoreResult store(Stream& stream, const Incoming& message);
  void republish(const Stored& message);
  void take_ack(const std::string& subject, const std::string& word);
  void announce(const std::string& subject, const Headers& headers, const std::string& payload,
                const std::string& reply_to = {});
  bool is_heard(const std::string& subject) const;
  void pump(Stream& stream, Consumer& consumer);
  void pump_all(Stream& stream);
  bool deliver_next(Stream& stream, Consumer& consumer);
  void deliver(Stream& stream, Consumer& consumer, const Stored& message);
  Consumer* commands_consumer();
  void end_pull(Consumer& consumer, std::size_t index, const char* status, const char* text);
  void advance(Stream& stream, Consumer& consumer, Time now);
  std::map<std::string, Consumer>& consumers_of(const Stream& stream);
  Time latency();

  struct Chain {
    Sequence last = 0;
    std::uint64_t count = 0;
  };
  struct Removed {
    Time at{};
    Stored message;
  };

  Machine& machine_;
  std::map<std::string, Stream, std::less<>> streams_;
  std::map<std::string, std::map<std::string, Consumer>> consumers_;
  std::vector<std::shared_ptr<Link>> links_;
  std::vector<std::weak_ptr<Inbox>> inboxes_;
  std::unordered_map<std::string, std::vector<Incoming>> batches_;
  std::unordered_map<std::string, Chain> chains_;
  std::deque<Removed> acked_;  // lately
  Time up_at_{0};
  Time refuses_until_{0};
  std::uint64_t tokens_ = 0;
};

}  // namespace vsim::simulation
