#include "tests/benchmark/broker_loop.h"

#include <atomic>
#include <exception>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "domain/decimal.h"
#include "tests/benchmark/nats_raii.h"

namespace vsim::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t take_max = 250;  // commands in one batch of twice as many messages
// About what vsim's own messages weigh.
const std::string command_body(90, 'c');
const std::string server_event_body(900, 's');
const std::string address_event_body(250, 'a');
constexpr const char* reply_header = "Vsim-Reply-To";

/// The two streams and the consumer, set up like the shipped ones (schema/messages/streams.json).
class Streams {
 public:
  explicit Streams(const std::string& url)
      : connection_(connect(url, true)),
        prefix_(
            fmt::format("vsimbench{}x{}", ::getpid(), Clock::now().time_since_epoch().count())) {
    api("STREAM.CREATE." + commands(),
        fmt::format(R"({{"name":"{}","subjects":["{}.cmd.*"],"retention":"workqueue",)"
                    R"("storage":"file","num_replicas":1,"discard":"new",)"
                    R"("discard_new_per_subject":true,"max_msgs_per_subject":1,)"
                    R"("max_msgs":200000,"max_msg_size":65536,"duplicate_window":600000000000,)"
                    R"("allow_direct":true}})",
                    commands(), prefix_));
    api("STREAM.CREATE." + events(),
        fmt::format(R"({{"name":"{}","subjects":["{}.evt.>"],"retention":"limits",)"
                    R"("storage":"file","num_replicas":1,"discard":"new","allow_direct":true,)"
                    R"("allow_atomic":true,"compression":"s2"}})",
                    events(), prefix_));
    api("CONSUMER.CREATE." + commands() + ".commands",
        fmt::format(R"({{"stream_name":"{}","action":"","config":{{"durable_name":"commands",)"
                    R"("name":"commands","deliver_policy":"all","ack_policy":"explicit",)"
                    R"("ack_wait":30000000000,"max_deliver":20,"max_ack_pending":5000}}}})",
                    commands()));
  }
  ~Streams() {
    try {
      request(connection_, "$JS.API.STREAM.DELETE." + commands(), "");
      request(connection_, "$JS.API.STREAM.DELETE." + events(), "");
    } catch (const std::exception&) {
      // The broker is gone, and its streams are named so that a person can tell whose they were.
    }
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  std::string commands() const { return prefix_ + "_CMD"; }
  std::string events() const { return prefix_ + "_EVT"; }
  const std::string& prefix() const { return prefix_; }

 private:
  void api(const std::string& name, const std::string& json) {
    const std::string reply = request(connection_, "$JS.API." + name, json);
    if (reply.find("\"error\"") != std::string::npos) {
      throw std::runtime_error(name + ": " + reply);
    }
  }

  Connection connection_;
  std::string prefix_;
};

/// Takes commands, appends their events, acks, answers.
class LoopWorker {
 public:
  LoopWorker(const std::string& url, const Streams& streams)
      : streams_(streams),
        batches_(connect(url, false)),
        singles_(connect(url, true)),
        inbox_(new_inbox()),
        deliveries_(subscribe(singles_, inbox_)) {}

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<NatsMessage> taken = take();
      if (taken.empty()) {
        continue;
      }
      append(taken);
      for (const NatsMessage& command : taken) {
        natsConnection_PublishString(singles_.get(), natsMsg_GetReply(command.get()), "+ACK");
        const char* reply_to = nullptr;
        if (natsMsgHeader_Get(command.get(), reply_header, &reply_to) == NATS_OK) {
          natsConnection_PublishString(singles_.get(), reply_to, "done");
        }
      }
    }
  }

 private:
  std::vector<NatsMessage> take() {
    if (asked_for_ == 0) {
      asked_for_ = take_max;
      const std::string subject = "$JS.API.CONSUMER.MSG.NEXT." + streams_.commands() + ".commands";
      const std::string pull =
          fmt::format(R"({{"batch":{},"expires":{}}})", take_max, 1'000'000'000);
      check(natsConnection_PublishRequestString(singles_.get(), subject.c_str(), inbox_.c_str(),
                                                pull.c_str()),
            "pull");
    }
    std::vector<NatsMessage> taken;
    milliseconds wait{100};
    while (NatsMessage message = next_message(deliveries_, wait)) {
      const char* status = nullptr;
      if (natsMsgHeader_Get(message.get(), "Status", &status) == NATS_OK) {
        asked_for_ = 0;  // the pull has ended
        break;
      }
      --asked_for_;
      taken.push_back(std::move(message));
      if (asked_for_ == 0) {
        break;
      }
      wait = milliseconds(0);
    }
    return taken;
  }

  void append(const std::vector<NatsMessage>& commands) {
    ++batch_;
    const std::size_t total = 2 * commands.size();
    for (std::size_t i = 0; i < total; ++i) {
      const std::uint64_t unique = appended_++;
      const bool server = i % 2 == 0;
      const std::string subject =
          fmt::format("{}.evt.{}.{}", streams_.prefix(), server ? "server" : "ip", unique);
      send(subject, server ? server_event_body : address_event_body, i + 1, i + 1 == total);
    }
  }

  void send(const std::string& subject, const std::string& body, std::size_t place, bool last) {
    natsMsg* raw = nullptr;
    check(
        natsMsg_Create(&raw, subject.c_str(), nullptr, body.data(), static_cast<int>(body.size())),
        "message");
    const NatsMessage message(raw);
    natsMsgHeader_Set(raw, "Nats-Batch-Id", std::to_string(batch_).c_str());
    natsMsgHeader_Set(raw, "Nats-Batch-Sequence", std::to_string(place).c_str());
    natsMsgHeader_Set(raw, "Nats-Expected-Last-Subject-Sequence", "0");
    if (!last) {
      check(natsConnection_PublishMsg(batches_.get(), raw), "publish to a batch");
      return;
    }
    natsMsgHeader_Set(raw, "Nats-Batch-Commit", "1");
    natsMsg* reply = nullptr;
    check(natsConnection_RequestMsg(&reply, batches_.get(), raw, 10000), "commit a batch");
    const NatsMessage answer(reply);
    const std::string_view text(natsMsg_GetData(reply),
                                static_cast<std::size_t>(natsMsg_GetDataLength(reply)));
    if (text.find("\"error\"") != std::string_view::npos) {
      throw std::runtime_error("the broker refused a batch: " + std::string(text));
    }
  }

  const Streams& streams_;
  Connection batches_;  // buffered: a batch goes out in one write, with its commit
  Connection singles_;
  std::string inbox_;
  Subscription deliveries_;
  std::size_t asked_for_ = 0;
  std::uint64_t batch_ = 0;
  std::uint64_t appended_ = 0;
};

/// N clients in one thread: each publishes a command and waits for its outcome.
class LoopClients {
 public:
  LoopClients(const std::string& url, const Streams& streams, std::size_t clients)
      : streams_(streams),
        connection_(connect(url, true)),
        inbox_(new_inbox()),
        replies_(subscribe(connection_, inbox_ + ".*")),
        sent_at_(clients) {}

  LoadResult run(milliseconds duration, const std::atomic<bool>& worker_failed) {
    const auto started = Clock::now();
    const auto stop_at = started + duration;
    Series& series = result_.series["loop"];
    std::size_t waiting = sent_at_.size();
    for (std::size_t client = 0; client < sent_at_.size(); ++client) {
      publish(client);
    }
    while (waiting > 0 && !worker_failed && Clock::now() < stop_at + seconds(10)) {
      const NatsMessage reply = next_message(replies_, milliseconds(200));
      if (!reply || !is_outcome(*reply)) {
        continue;
      }
      const auto now = Clock::now();
      const std::size_t client = client_of(*reply);
      series.samples.add(now - sent_at_[client]);
      series.seconds = std::chrono::duration<double>(now - started).count();
      if (now < stop_at) {
        publish(client);
      } else {
        --waiting;
      }
    }
    if (waiting > 0) {
      result_.errors["broker loop: no outcome"] += waiting;
    }
    return std::move(result_);
  }

 private:
  void publish(std::size_t client) {
    const std::string number = std::to_string(++published_);
    const std::string subject = streams_.prefix() + ".cmd." + number;
    const std::string acks_to = fmt::format("{}.a{}", inbox_, client);
    natsMsg* raw = nullptr;
    check(natsMsg_Create(&raw, subject.c_str(), acks_to.c_str(), command_body.data(),
                         static_cast<int>(command_body.size())),
          "message");
    const NatsMessage message(raw);
    natsMsgHeader_Set(raw, "Nats-Msg-Id", number.c_str());
    natsMsgHeader_Set(raw, reply_header, fmt::format("{}.r{}", inbox_, client).c_str());
    sent_at_[client] = Clock::now();
    check(natsConnection_PublishMsg(connection_.get(), raw), "publish a command");
  }

  bool is_outcome(natsMsg& reply) {
    const std::string_view subject = natsMsg_GetSubject(&reply);
    if (subject[inbox_.size() + 1] == 'r') {
      return true;
    }
    const std::string_view ack(natsMsg_GetData(&reply),
                               static_cast<std::size_t>(natsMsg_GetDataLength(&reply)));
    if (ack.find("\"error\"") != std::string_view::npos) {
      ++result_.errors["broker loop: " + std::string(ack)];
    }
    return false;
  }

  std::size_t client_of(natsMsg& reply) const {
    const std::string_view subject = natsMsg_GetSubject(&reply);
    return read_decimal(subject.substr(inbox_.size() + 2)).value();
  }

  const Streams& streams_;
  Connection connection_;
  std::string inbox_;
  Subscription replies_;
  std::vector<Clock::time_point> sent_at_;
  std::uint64_t published_ = 0;
  LoadResult result_;
};

}  // namespace

LoadResult run_broker_loop(const std::string& nats_url, std::size_t clients,
                           milliseconds duration) {
  static const NatsLibrary library;
  const Streams streams(nats_url);
  std::atomic<bool> worker_failed{false};
  std::string reason;
  LoopClients loop_clients(nats_url, streams, clients);
  LoadResult result;
  {
    std::jthread worker([&](const std::stop_token& stop) {
      try {
        LoopWorker(nats_url, streams).run(stop);
      } catch (const std::exception& failure) {
        reason = failure.what();
        worker_failed = true;
      }
    });
    result = loop_clients.run(duration, worker_failed);
  }
  if (worker_failed) {
    ++result.errors["broker loop: " + reason];
  }
  return result;
}

}  // namespace vsim::bench
