#include "ops/vsimctl/doctor/examination.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <simdjson.h>

#include "eventstore/broker_facts.h"
#include "eventstore/direct_get.h"
#include "eventstore/streams.h"
#include "ops/process/clock_of_log.h"
#include "ops/process/faults_of_log.h"
#include "ops/telemetry/broker_monitor.h"
#include "ops/vsimctl/connections.h"
#include "ops/vsimctl/doctor/clock_reports.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/billing.h"
#include "schema/read_model/checkpoint.h"
#include "schema/read_model/clock.h"
#include "schema/read_model/log_identity.h"
#include "schema/read_model/operations.h"
#include "schema/read_model/regions.h"
#include "schema/read_model/servers.h"
#include "schema/read_model/warm_pools.h"

namespace vsim::vsimctl {
namespace {

using eventstore::Broker;
using process::CommonSettings;

constexpr std::chrono::seconds api_answer_max{5};

/// The read models, as one look finds them.
constexpr std::uint32_t warm_pools_max = 100;

struct ReadModels {
  bool writable = true;
  bool synced = true;
  std::optional<read_model::Checkpoint> checkpoint;
  std::optional<read_model::ClockRow> clock;
  std::vector<read_model::RegionRow> regions;
  std::vector<read_model::WarmPoolRow> warm_pools;  // the first of them
  std::map<std::string, Instant> billed;
  std::map<std::string, Instant> in_use_since;
  read_model::OverdueServers overdue;
};

/// `wall` is the broker's time; without it nothing can be said of what is overdue.
ReadModels read_all(read_model::Transaction& tx, std::optional<WallTime> wall) {
  ReadModels found;
  found.writable = read_model::takes_writes(tx);
  found.synced = read_model::syncs_to_disk(tx);
  found.checkpoint = read_model::find_checkpoint(tx, messages::events_stream);
  found.clock = read_model::find_clock(tx);
  found.regions = read_model::list_regions(tx);
  found.warm_pools = read_model::list_warm_pools(tx, std::nullopt, std::nullopt, warm_pools_max);
  found.billed = read_model::billing_watermarks(tx);
  found.in_use_since = read_model::oldest_live_servers(tx);
  if (const auto until =
          found.clock && wall ? overdue_until(found.clock->time, *wall) : std::nullopt) {
    found.overdue = read_model::count_overdue(tx, *until);
  }
  return found;
}

/// The reasons in an answer of /readyz, if it is one; one after the other.
std::string reasons_in(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::array reasons;
  std::string text;
  if (parser.parse(body)["reasons"].get(reasons) == simdjson::SUCCESS) {
    for (const auto reason : reasons) {
      std::string_view words;
      if (reason.get(words) == simdjson::SUCCESS) {
        text += (text.empty() ? "" : "; ") + std::string(words);
      }
    }
  }
  return text;
}

class Examination {
 public:
  Examination(const CommonSettings& settings, const std::optional<process::ApiAddress>& api)
      : settings_(settings), api_(api) {}

  std::vector<Finding> all() && {
    look_at_broker();
    look_at_read_models();
    look_at_api();  // last: most often the others say why it is not ready
    return std::move(findings_);
  }

 private:
  void add(Finding finding) { findings_.push_back(std::move(finding)); }

  /// What the broker says to one question, if it says anything; else a finding.
  template <typename T>
  std::optional<T> answer(const char* subject, eventstore::Result<T> result) {
    if (result) {
      return std::move(*result);
    }
    add(found_bad(subject, explain(settings_, result.error()), "NATS down"));
    return std::nullopt;
  }

  void look_at_broker() {
    auto log = Log::open(settings_);
    if (!log) {
      return add(found_bad("broker", log.error(), "NATS down"));
    }
    log_ = std::move(*log);
    const Broker& broker = log_->broker();
    ClockReports reports(broker);
    add(found_well("broker", fmt::format("nats-server {} at {}", broker.server_version(),
                                         shown_address(settings_.nats_url))));
    look_at_streams(broker);
    look_at_storage(broker);
    look_at_queue(broker);
    look_at_letters(broker);
    auto clocks = reports.collect();
    look_at_clocks(std::move(clocks), reports.forbidden());
    look_at_faults();
  }

  void look_at_clocks(std::vector<messages::ClockReport> reports, bool forbidden) {
    if (reports.empty()) {
      add(judge_silence(forbidden, workers_wait_));
    }
    const auto now = log_->now(settings_);
    if (!now) {
      return add(found_bad("clock", now.error(), "Clocks apart"));
    }
    wall_ = *now;
    const auto own = log_->clock_status();
    reports.push_back(messages::this_process("vsimctl", own.offset, own.uncertainty));
    for (const auto& report : reports) {
      add(judge_clock(process_of(report), report.offset, report.uncertainty));
    }
  }

  void look_at_streams(const Broker& broker) {
    const auto definition = messages::load_streams_definition(settings_.schema_dir);
    if (!definition) {
      return add(found_bad("streams", definition.error(), "Rolling upgrade"));
    }
    const auto differences = answer("streams", eventstore::stream_differences(broker, *definition));
    if (!differences) {
      return;
    }
    for (const auto& [stream, difference] : *differences) {
      // Somebody who can change what EVENTS denies can change the past.
      const bool is_log = stream == messages::events_stream;
      add({.verdict = is_log ? Verdict::bad : Verdict::warning,
           .subject = "streams",
           .text = fmt::format(
               "{} {}: not as schema/messages/streams.json says; vsimctl migrate mends it", stream,
               difference),
           .runbook = is_log ? "Security breach" : "Rolling upgrade"});
    }
    if (differences->empty()) {
      add(found_well("streams", "as schema/messages/streams.json says"));
    }
  }

  void look_at_storage(const Broker& broker) {
    const auto monitor = telemetry::ask_broker_monitor(settings_.nats_monitor_url);
    add(judge_sync(settings_.durability, monitor ? monitor->sync : std::nullopt));
    if (monitor) {
      add(judge_broker_health(monitor->trouble));
    }
    if (const auto storage = answer("store", eventstore::storage_facts(broker))) {
      const auto server_limit = monitor ? monitor->store_bytes_max : std::nullopt;
      add(judge_store(storage->bytes, storage->bytes_max ? storage->bytes_max : server_limit));
    }
  }

  void look_at_queue(const Broker& broker) {
    // In this order: the queue only grows.
    read_model::ConnectionPool database(settings_.database_url, 1);
    const auto newest = database.read(read_model::newest_command);
    const auto consumer = answer(
        "consumer",
        eventstore::consumer_facts(broker, messages::commands_stream, messages::commands_consumer));
    if (consumer) {
      add(judge_consumer(consumer->paused, consumer->paused_until));
      workers_wait_ = consumer->pulls_waiting > 0;
      add(judge_workers(consumer->pulls_waiting, consumer->in_hand, consumer->paused));
      add(judge_deliveries(consumer->redelivered));
    }
    if (const auto queue =
            answer("queue", eventstore::stream_facts(broker, messages::commands_stream))) {
      add(judge_numbers(
          {queue->last_sequence, consumer ? consumer->delivered : 0, newest.value_or(0)}));
      add(judge_queue(queue->messages));
      add(judge_oldest(queue->oldest_age));
    }
  }

  void look_at_letters(const Broker& broker) {
    if (const auto dead = answer("dead letters",
                                 eventstore::stream_facts(broker, messages::dead_letters_stream))) {
      add(judge_dead_letters(dead->messages));
    }
    if (const auto advisories =
            answer("advisories", eventstore::stream_facts(broker, "ADVISORIES"))) {
      add(judge_advisories(advisories->messages, advisories->newest_age));
    }
  }

  void look_at_read_models() {
    read_model::ConnectionPool database(settings_.database_url, 1, read_model::operator_limits);
    const auto found =
        database.read([this](read_model::Transaction& tx) { return read_all(tx, wall_); });
    if (!found) {
      return add(found_bad("Postgres", explain(settings_, found.error()),
                           found.error().passes() ? "Postgres down" : "Postgres lost"));
    }
    if (found->writable) {
      add(found_well("Postgres", "answers"));
    } else {
      add(found_bad(
          "Postgres",
          "answers, but is read-only: a standby, or default_transaction_read_only is on; nothing "
          "is projected",
          "Postgres down"));
    }
    add(judge_fsync(settings_.durability, found->synced));
    if (!found->checkpoint || found->checkpoint->sequence == 0) {
      add(found_bad("projection", "nothing has been projected: is a projector running?",
                    "Postgres lost"));
      return;
    }
    if (log_) {
      look_at_projection(*found->checkpoint);
    }
    look_at_fleet(*found);
  }

  void look_at_projection(const read_model::Checkpoint& checkpoint) {
    const auto facts =
        answer("projection", eventstore::stream_facts(log_->broker(), messages::events_stream));
    const auto at_checkpoint = answer("projection", log_->events().load(checkpoint.sequence));
    if (!facts || !at_checkpoint) {
      return;
    }
    const auto& message = *at_checkpoint;
    // EVENTS begins at 1 and denies deletes: what is missing below its end is lost, also where a
    // whole block is gone and the broker begins later. What it cannot read it may count still.
    add(judge_lost(facts->last_sequence - std::min(facts->last_sequence, facts->messages)));
    if (const auto fault = read_model::fault_of_log(checkpoint, facts->last_sequence, message,
                                                    "has been projected")) {
      const bool lost = !message && facts->last_sequence >= checkpoint.sequence;
      return add(
          found_bad("projection", *fault, lost ? "The log is damaged" : "The log went backwards"));
    }
    const auto behind = facts->last_sequence - std::min(facts->last_sequence, checkpoint.sequence);
    if (behind == 0) {
      return add(judge_lag(0, {}));
    }
    const auto next = answer("projection", log_->events().load(checkpoint.sequence + 1));
    if (!next) {
      return;
    }
    if (!*next) {
      return add(judge_hole(checkpoint.sequence + 1));
    }
    look_at_unprojected(behind, facts->answered_at, **next);
  }

  void look_at_unprojected(std::uint64_t behind, eventstore::Timestamp now,
                           const eventstore::Message& next) {
    const auto event = messages::decode_event(next);
    const bool unknown = event && std::holds_alternative<messages::UnknownEvent>(*event);
    if (event && !unknown) {
      return add(judge_lag(behind, now - next.stored_at));
    }
    add(found_bad(
        "projection",
        fmt::format("this build cannot read message {} of EVENTS{}; the projector stops there",
                    next.sequence, event ? "" : " (" + event.error() + ")"),
        "Projector stopped at an unknown event"));
  }

  void look_at_fleet(const ReadModels& found) {
    for (const auto& region : found.regions) {
      add(judge_pool(region.name, region.addresses_free, region.addresses_total));
    }
    for (const auto& pool : found.warm_pools) {
      add(judge_warm_pool(pool.id.account + "/" + pool.id.name, pool.ready,
                          pool.draining ? 0 : least_held(pool.terms)));
    }
    if (!found.clock || !wall_) {
      return;
    }
    const auto now = simulated_at(found.clock->time, *wall_);
    for (const auto& region : found.regions) {
      const auto& known = region.incident;
      const bool is_in_force = known && (!known->until || now < *known->until);
      add(judge_incident(region.name, is_in_force,
                         known ? messages::format_instant(known->began) : ""));
    }
    for (const auto& [region, since] : found.in_use_since) {
      const auto watermark = found.billed.find(region);
      // A region that was empty has an old watermark, or none, until the next one is owed.
      const auto through =
          watermark == found.billed.end() ? since : std::max(since, watermark->second);
      add(judge_billing(region, now - through, found.clock->time.scale,
                        settings_.billing_interval));
    }
    add(judge_deadlines(found.overdue.all));
    add(judge_idle(found.overdue.idle));
  }

  void look_at_faults() {
    const auto faults = answer("faults", process::load_faults(log_->events()));
    const auto clock = answer("clock", process::load_clock(log_->events()));
    if (!faults || !clock) {
      return;
    }
    // Where the time is not known, those that may have ended count too.
    const auto now = *clock && wall_ ? simulated_at(**clock, *wall_) : Instant::min();
    const auto in_force =
        std::count_if(faults->rules.begin(), faults->rules.end(),
                      [now](const FaultRule& rule) { return rule.in_force_at(now); });
    add(judge_faults(static_cast<std::size_t>(in_force),
                     messages::format_instant(faults->changed_at), faults->changed_by));
  }

  void look_at_api() {
    if (!api_) {
      return add(api_not_named());
    }
    const auto answer = process::call_api(
        *api_, "",
        {.method = "GET", .target = "/readyz", .body = {}, .answer_within = api_answer_max});
    if (!answer) {
      return add(found_bad("API", answer.error(), "HTTP errors or slow answers"));
    }
    add(judge_api(process::url_of(*api_), answer->status, reasons_in(answer->body)));
  }

  const CommonSettings& settings_;
  const std::optional<process::ApiAddress>& api_;
  std::vector<Finding> findings_;
  std::unique_ptr<Log> log_;      // none: the broker does not answer
  std::optional<WallTime> wall_;  // the broker's time; likewise
  bool workers_wait_ = false;     // for commands: they run
};

}  // namespace

std::vector<Finding> examine(const CommonSettings& settings,
                             const std::optional<process::ApiAddress>& api) {
  return Examination(settings, api).all();
}

}  // namespace vsim::vsimctl
