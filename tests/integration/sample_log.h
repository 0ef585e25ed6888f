#pragma once

// Fills a log as workers would, without workers. Every event comes from evolve() or the pool, so
// the log holds nothing that cannot happen.

#include <chrono>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "domain/address_pool.h"
#include "domain/pool.h"
#include "domain/server.h"
#include "domain/sim_clock.h"
#include "domain/simulated_time.h"
#include "eventstore/event_store.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/subjects.h"

namespace vsim::samples {

inline const Region us{"us-east-1"};
inline const Region eu{"eu-west-1"};

inline Uuid some_uuid(std::uint64_t number) {
  Uuid uuid;
  for (std::size_t i = 0; i < 8; ++i) {
    uuid.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  uuid.bytes[6] = 0x70;
  return uuid;
}

inline Instant some_time(std::int64_t milliseconds = 0) {
  return Instant{Duration{1'790'000'000'000 + milliseconds}};
}

inline Blueprint blueprint(std::string name, Ipv4 ip) {
  Blueprint made;
  made.account = "default";
  made.name = std::move(name);
  made.instance_type = "t2.micro";
  made.profile = "standard";
  made.tags = {{"env", "test"}};
  made.ip = ip;
  made.terms.hourly_rate = {100};
  made.terms.idle_timeout = std::chrono::minutes(30);
  made.terms.billing.billable[static_cast<std::size_t>(Status::running)] = true;
  made.terms.billing.minimum = std::chrono::seconds(60);
  return made;
}

/// A server on its way through the log.
struct Sample {
  ServerId id;
  Region region;
  State state;
};

class SampleLog {
 public:
  explicit SampleLog(eventstore::EventStore& store) : store_(store) {}

  /// Makes the command that the next event answers. `reply_to` goes along as its header.
  Cause next_cause(std::string type) {
    ++commands_;
    return {CommandId{some_uuid(0xc0000000 + commands_)}, commands_, "hash-" + number(commands_),
            std::move(type)};
  }

  Sample create(const Region& region, const Blueprint& wanted, std::string reply_to = {}) {
    Sample sample{ServerId{some_uuid(0x50000000 + ++servers_)}, region, {}};
    append(messages::address_events(region, wanted.ip),
           messages::encode(AddressClaimed{region, wanted.ip, sample.id, now()}));
    record(sample, ServerProvisioning{wanted, now() + std::chrono::seconds(3)},
           next_cause("create"), std::move(reply_to));
    return sample;
  }

  /// Appends what happened to the server, a second after what happened before.
  void record(Sample& sample, EventData data, std::optional<Cause> cause = std::nullopt,
              std::string reply_to = {}) {
    now_ += std::chrono::seconds(1);
    Event event{
        {sample.state.version + 1, now_, std::move(cause), {"api", "request-1"}, std::move(data)},
        sample.id,
        sample.region};
    if (!event.cause) {
      event.origin = {"timekeeper", ""};
    }
    sample.state = evolve(std::move(sample.state), event);
    append(messages::server_events(sample.region, sample.id), messages::encode(event, sample.state),
           std::move(reply_to));
  }

  void extend(const Region& region, const AddressRange& range,
              std::optional<Cause> cause = std::nullopt) {
    auto& pool = pools_[region];
    const PoolEvent event{
        {pool.version + 1, now_, std::move(cause), {"api", "request-2"}, PoolExtended{{range}}},
        region};
    pool = evolve(std::move(pool), event);
    append(messages::pool_events(region), messages::encode(event, pool));
  }

  void start_clock(double scale, std::uint64_t seed) {
    append(
        std::string(messages::clock_subject),
        messages::encode(ClockEvent{1, now_, std::nullopt, {"seed", {}}, ClockStarted{scale, seed}},
                         SimClock{}));
  }

  /// Appends the timekeeper's event that all deadlines are in the log, then the biller's watermark
  /// of a region.
  void close_books(const Region& region) {
    apply_deadlines({now_, std::nullopt});
    append(messages::billing_events(region),
           messages::encode(BillingWatermark{region, ++watermark_versions_[region], now_}));
  }

  void apply_deadlines(const DeadlinesApplied& applied) {
    const std::vector<std::string> clock_filter{std::string(messages::clock_subject)};
    const auto last = store_.load_last(clock_filter);
    REQUIRE(last);
    const auto clock = messages::read_clock(last->at(0));
    REQUIRE(clock);
    append(std::string(messages::clock_subject),
           messages::encode(deadlines_applied(*clock, applied), *clock));
  }

  /// Appends any message.
  eventstore::Sequence append(std::string subject, std::string payload, std::string reply_to = {}) {
    eventstore::Append message{std::move(subject), std::move(payload), {}, std::nullopt};
    if (!reply_to.empty()) {
      message.headers.push_back({std::string(messages::header::reply_to), std::move(reply_to)});
    }
    const auto appended = store_.append(std::span(&message, 1));
    REQUIRE(appended);
    return *appended;
  }

  Instant now() const { return now_; }

 private:
  static std::string number(std::uint64_t value) { return std::to_string(value); }

  eventstore::EventStore& store_;
  std::map<Region, Pool> pools_;
  std::map<Region, Version> watermark_versions_;
  std::uint64_t commands_ = 0;
  std::uint64_t servers_ = 0;
  Instant now_ = some_time();
};

/// Appends a random next step of a server's life; nothing once it is terminated.
inline bool live_on(SampleLog& log, Sample& sample, std::mt19937& dice) {
  const auto soon = log.now() + std::chrono::seconds(5);
  const auto from = sample.state.server->status;
  const bool user_acts = dice() % 4 == 0;
  if (user_acts && dice() % 3 == 0) {
    log.record(sample, CommandRejected{{RejectionCode::invalid_transition, "not now"}},
               log.next_cause("stop"));
    return true;
  }
  switch (from) {
    case Status::pending:
      log.record(sample, ServerStarted{from});
      return true;
    case Status::running:
      if (dice() % 2 == 0) {
        log.record(sample, ServerRebooting{from, {soon}}, log.next_cause("reboot"));
      } else {
        log.record(sample, ServerStopping{from, {soon}}, log.next_cause("stop"));
      }
      return true;
    case Status::stopping:
      log.record(sample, ServerStopped{from});
      return true;
    case Status::stopped:
      if (user_acts) {
        log.record(sample, ServerTerminating{from, {soon}}, log.next_cause("terminate"));
      } else if (dice() % 8 == 0) {
        log.record(sample, ServerTerminated{from, TerminationReason::idle_timeout});
      } else {
        log.record(sample, ServerStarting{from, {soon}}, log.next_cause("start"));
      }
      return true;
    case Status::rebooting:
      log.record(sample, ServerRebooted{from});
      return true;
    case Status::terminating:
      log.record(sample, ServerTerminated{from, TerminationReason::user});
      return true;
    case Status::failed:
      log.record(sample, ServerStarting{from, {soon}}, log.next_cause("start"));
      return true;
    case Status::terminated:
      return false;
  }
  return false;
}

/// Some servers with some steps each, in two regions, with addresses that are given out again. The
/// same seed gives the same log.
inline std::vector<Sample> fill(SampleLog& log, std::size_t servers, std::size_t steps,
                                unsigned seed = 1) {
  std::mt19937 dice(seed);
  const Ipv4 first{0xC0A80A01};
  log.start_clock(1, 42);
  log.extend(us, {first, {first.bits + 99}});
  log.extend(eu, {{first.bits + 256}, {first.bits + 355}}, log.next_cause("extend_pool"));
  std::deque<Ipv4> free;
  for (std::uint32_t i = 0; i < 100; ++i) {
    free.push_back({first.bits + i});
  }
  std::vector<Sample> samples;
  for (std::size_t step = 0; step < steps; ++step) {
    if (step % 60 == 59) {
      log.close_books(us);
    }
    if (step == 100) {  // overlaps the first range, and reaches down to addresses of its own
      log.extend(us, {{first.bits - 20}, {first.bits + 9}}, log.next_cause("extend_pool"));
    }
    if (samples.size() < servers && !free.empty()) {
      samples.push_back(log.create(us, blueprint("web-" + std::to_string(step), free.front())));
      free.pop_front();
    }
    Sample& sample = samples[dice() % samples.size()];
    const bool terminated = sample.state.server->status == Status::terminated;
    if (live_on(log, sample, dice) && !terminated &&
        sample.state.server->status == Status::terminated) {
      free.push_back(sample.state.server->blueprint.ip);
    }
  }
  return samples;
}

/// Every message of a log, oldest first.
inline std::vector<eventstore::Message> all_of(eventstore::EventStore& store) {
  const auto end = store.last_sequence().value();
  std::vector<eventstore::Message> messages;
  const auto follower = store.follow(0);
  while (messages.size() < end) {
    const auto some = follower->next(1000, std::chrono::milliseconds(100)).value();
    messages.insert(messages.end(), some.begin(), some.end());
  }
  return messages;
}

}  // namespace vsim::samples
