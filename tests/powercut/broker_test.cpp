// Goal: the broker alone, without vsim, keeps over a power cut what it has acknowledged: single
// messages, atomic batches (all of each or nothing) and chains.
// Method: eight clients write to one stream, with sync before each acknowledgement; the power is
// cut, the broker starts again on what the disk has left, and the stream is compared with all
// acknowledgements so far. VSIM_SEED and VSIM_CUTS as in vsim_test.cpp.

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/benchmark/nats_raii.h"
#include "tests/harness/eventually.h"
#include "tests/harness/private_nats.h"
#include "tests/harness/scratch_dir.h"
#include "tests/harness/seed.h"
#include "tests/powercut/disk.h"
#include "tests/powercut/powered_fleet.h"
#include "tests/powercut/skip.h"

using vsim::bench::Connection;
using vsim::bench::NatsMessage;

namespace {

constexpr std::size_t clients = 8;

/// How a group of messages is sent.
enum class Way : std::uint8_t { single, batch, chain };

struct Group {
  std::string name;  // its messages are NAME/0, NAME/1, ...
  Way way = Way::single;
  std::size_t messages = 1;
  bool acknowledged = false;
  std::uint64_t last_sequence = 0;  // of an acknowledged one
};

std::string body_of(const std::string& group, std::size_t index) {
  std::string body = fmt::format("{}/{}", group, index);
  return body + " " + std::string(300 - body.size(), 'x');
}

std::string name_in(const std::string& body) { return body.substr(0, body.find(' ')); }

std::uint64_t sequence_in(const std::string& ack) {
  const auto at = ack.find("\"seq\":");
  return at == std::string::npos || ack.find("\"error\"") != std::string::npos
             ? 0
             : std::stoull(ack.substr(at + 6));
}

/// One client of a broker that may be gone at any time: each group is sent once.
class Client {
 public:
  Client(std::string url, std::uint64_t seed, std::size_t number)
      : url_(std::move(url)), number_(number), dice_(seed * 100 + number) {}

  /// Until the power is gone.
  void run(const std::stop_token& stop) {
    try {
      connection_ = vsim::bench::connect(url_, true);
      inbox_ = vsim::bench::new_inbox();
      answers_ = vsim::bench::subscribe(*connection_, inbox_ + ".>");
      while (true) {
        send_group(stop);
      }
    } catch (const std::runtime_error&) {
      answers_.reset();
      connection_.reset();
    }
  }

  std::size_t acknowledged() const { return acknowledged_; }
  /// Only while it does not run.
  const std::vector<Group>& sent() const { return groups_; }

 private:
  void send_group(const std::stop_token& stop) {
    Group group;
    group.name = fmt::format("c{}n{}", number_, groups_.size());
    const auto die = dice_() % 10;
    group.way = die < 5 ? Way::single : die < 8 ? Way::chain : Way::batch;
    group.messages = group.way == Way::single ? 1 : 2 + dice_() % 5;
    groups_.push_back(group);
    send(group);
    groups_.back().last_sequence = sequence_in(await(group.name, stop));
    if (groups_.back().last_sequence != 0) {
      groups_.back().acknowledged = true;
      ++acknowledged_;
    }
  }

  void send(const Group& group) {
    for (std::size_t i = 0; i < group.messages; ++i) {
      const bool last = i + 1 == group.messages;
      natsMsg* raw = nullptr;
      const std::string subject = fmt::format("ev.{}.{}", group.name, i);
      const std::string body = body_of(group.name, i);
      const std::string reply = reply_subject(group, i);
      vsim::bench::check(
          natsMsg_Create(&raw, subject.c_str(), reply.empty() ? nullptr : reply.c_str(),
                         body.data(), static_cast<int>(body.size())),
          "message");
      const NatsMessage message(raw);
      natsMsgHeader_Set(raw, "Nats-Expected-Last-Subject-Sequence", "0");
      if (group.way == Way::batch) {
        natsMsgHeader_Set(raw, "Nats-Batch-Id", group.name.c_str());
        natsMsgHeader_Set(raw, "Nats-Batch-Sequence", std::to_string(i + 1).c_str());
        if (last) {
          natsMsgHeader_Set(raw, "Nats-Batch-Commit", "1");
        }
      }
      vsim::bench::check(natsConnection_PublishMsg(connection_.get(), raw), "publish");
    }
  }

  /// That of a chain says how it goes on (NATS fast ingest); a batch is answered at its end.
  std::string reply_subject(const Group& group, std::size_t index) const {
    const bool last = index + 1 == group.messages;
    if (group.way == Way::chain) {
      return fmt::format("{}.{}.1000.fail.{}.{}.$FI", inbox_, group.name, index + 1,
                         index == 0 ? 0
                         : last     ? 2
                                    : 1);
    }
    return last ? inbox_ + "." + group.name : "";
  }

  /// The answer to the last message of the group.
  std::string await(const std::string& group, const std::stop_token& stop) {
    while (true) {
      const NatsMessage message =
          vsim::bench::next_message(answers_, std::chrono::milliseconds(50));
      if (!message && stop.stop_requested()) {
        throw std::runtime_error("no power");
      }
      if (!message) {
        continue;
      }
      const std::string subject = natsMsg_GetSubject(message.get());
      std::string data(natsMsg_GetData(message.get()),
                       static_cast<std::size_t>(natsMsg_GetDataLength(message.get())));
      const std::string below = subject.substr(inbox_.size() + 1);
      if (below.substr(0, below.find('.')) == group &&
          data.find("\"type\":\"ack\"") == std::string::npos) {
        return data;
      }
    }
  }

  std::string url_;
  std::size_t number_;
  std::mt19937_64 dice_;
  Connection connection_;
  vsim::bench::Subscription answers_;
  std::string inbox_;
  std::atomic<std::size_t> acknowledged_{0};
  std::vector<Group> groups_;
};

/// The names of the stream's messages, by sequence.
std::map<std::uint64_t, std::string> stored_messages(const Connection& connection,
                                                     std::size_t& damaged) {
  const std::string info = vsim::bench::request(connection, "$JS.API.STREAM.INFO.EV", "");
  const auto at = info.find("\"last_seq\":");
  REQUIRE_MESSAGE(at != std::string::npos, info);
  const std::uint64_t last = std::stoull(info.substr(at + 11));
  std::map<std::uint64_t, std::string> stored;
  for (std::uint64_t sequence = 1; sequence <= last; ++sequence) {
    const std::string body = vsim::bench::request(connection, "$JS.API.DIRECT.GET.EV",
                                                  fmt::format(R"({{"seq":{}}})", sequence));
    if (body.empty()) {
      ++damaged;  // no such message
    } else {
      stored[sequence] = name_in(body);
    }
  }
  return stored;
}

/// Runs the clients until they have so many more acknowledgements; then `cut` is called.
template <typename Cut>
void write_for_a_while(const std::vector<std::unique_ptr<Client>>& all, std::size_t more,
                       const Cut& cut) {
  const auto acknowledged = [&all] {
    std::size_t count = 0;
    for (const auto& client : all) {
      count += client->acknowledged();
    }
    return count;
  };
  const std::size_t wanted = acknowledged() + more;
  std::vector<std::jthread> threads;
  for (const auto& client : all) {
    threads.emplace_back([&client](const std::stop_token& stop) { client->run(stop); });
  }
  const bool enough = harness::eventually([&] { return acknowledged() >= wanted; },
                                          std::chrono::seconds(60), std::chrono::milliseconds(1));
  cut();
  CHECK(enough);
}

void check_stream(const std::string& url, const std::vector<std::unique_ptr<Client>>& all) {
  const Connection connection = vsim::bench::connect(url, true);
  std::size_t damaged = 0;
  const auto stored = stored_messages(connection, damaged);
  CHECK_MESSAGE(damaged == 0, "sequences without a message");
  std::map<std::string, std::uint64_t> place;
  for (const auto& [sequence, name] : stored) {
    CHECK_MESSAGE(place.emplace(name, sequence).second, name, " is there twice");
  }
  std::size_t acknowledged = 0;
  std::string lost;
  std::string halves;
  for (const auto& client : all) {
    for (const Group& group : client->sent()) {
      std::size_t present = 0;
      for (std::size_t i = 0; i < group.messages; ++i) {
        present += place.count(fmt::format("{}/{}", group.name, i));
      }
      acknowledged += group.acknowledged ? 1 : 0;
      if (group.acknowledged && present != group.messages) {
        lost += fmt::format(" {} ({} of {}, sequence {})", group.name, present, group.messages,
                            group.last_sequence);
      }
      if (group.way == Way::batch && present != 0 && present != group.messages) {
        halves += fmt::format(" {} ({} of {})", group.name, present, group.messages);
      }
    }
  }
  MESSAGE(acknowledged, " groups acknowledged, ", stored.size(), " messages stored");
  CHECK_MESSAGE(lost.empty(), "acknowledged and lost:", lost);
  CHECK_MESSAGE(halves.empty(), "batches stored in part:", halves);
}

}  // namespace

TEST_CASE("the broker alone keeps what it has acknowledged, and no batch by half") {
  if (powercut::skipped()) {
    return;
  }
  const std::uint64_t seed = harness::test_seed();
  CAPTURE(seed);
  std::mt19937_64 dice(seed);
  powercut::Disk disk;
  harness::PrivateNats broker(
      {.durability = harness::Durability::power, .users = false, .store_dir = disk.path() + "/s"});
  vsim::bench::request(
      vsim::bench::connect(broker.url(), true), "$JS.API.STREAM.CREATE.EV",
      R"({"name":"EV","subjects":["ev.>"],"retention":"limits","storage":"file","num_replicas":1,)"
      R"("discard":"new","max_age":0,"deny_delete":true,"deny_purge":true,"allow_direct":true,)"
      R"("allow_atomic":true,"allow_batched":true,"compression":"s2"})");
  disk.settle();

  std::vector<std::unique_ptr<Client>> all;
  for (std::size_t number = 0; number < clients; ++number) {
    all.push_back(std::make_unique<Client>(broker.url(), seed, number));
  }
  const std::size_t cuts = powercut::cuts_wanted(6);
  for (std::size_t round = 0; round < cuts; ++round) {
    CAPTURE(round);
    write_for_a_while(all, 50 + dice() % 200, [&] {
      disk.freeze();
      broker.kill();
    });
    MESSAGE("seed ", seed, ", cut ", round, ": ", disk.present(seed * 1000 + round));
    broker.restart();
    check_stream(broker.url(), all);
  }
}

TEST_CASE("zeros at a block's end do not take what is before them, where no older index is left") {
  // See README.md: with the index that a clean stop made of the empty stream, all messages are
  // gone.
  const harness::ScratchDir scratch("vsim-zeros");
  harness::PrivateNats broker({.durability = harness::Durability::power,
                               .users = false,
                               .store_dir = scratch.path() + "/store"});
  const auto ask = [&](const std::string& subject, const std::string& body) {
    return vsim::bench::request(vsim::bench::connect(broker.url(), true), subject, body);
  };
  const auto stored = [&] { return ask("$JS.API.STREAM.INFO.EV", ""); };
  ask("$JS.API.STREAM.CREATE.EV",
      R"({"name":"EV","subjects":["ev.>"],"storage":"file","num_replicas":1})");
  broker.restart();  // stops cleanly, and so writes the index
  for (int i = 1; i <= 20; ++i) {
    REQUIRE(sequence_in(ask("ev.a", "text")) == static_cast<std::uint64_t>(i));
  }
  broker.kill();
  const std::string folder = scratch.path() + "/store/jetstream/$G/streams/EV/msgs/";
  const auto block_bytes = std::filesystem::file_size(folder + "1.blk");
  std::filesystem::resize_file(folder + "1.blk", block_bytes + 100);
  SUBCASE("the index is removed, as ops/up does after a boot") {
    REQUIRE(std::filesystem::remove(folder + "index.db"));
    broker.restart();
    CHECK_MESSAGE(stored().find("\"last_seq\":20,") != std::string::npos, stored());
  }
  SUBCASE("the index is left") {
    broker.restart();
    const bool mended = stored().find("\"last_seq\":20,") != std::string::npos;
    MESSAGE("the block is taken for empty: ", !mended);
  }
}
