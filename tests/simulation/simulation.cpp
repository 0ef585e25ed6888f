#include "tests/simulation/simulation.h"

#include <algorithm>

#include <fmt/format.h>

#include "eventstore/streams.h"
#include "ops/process/catalogue.h"
#include "ops/process/server_of_log.h"
#include "ops/vsimctl/migrate/queue_start.h"
#include "ops/vsimctl/migrate/seed_log.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/command_envelope.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/journal_copy.h"
#include "schema/messages/logged_event.h"
#include "schema/messages/subjects.h"
#include "tests/simulation/audit.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/processes.h"
#include "tests/simulation/world.h"

namespace vsim::simulation {
namespace {

using namespace std::chrono_literals;

constexpr Time look_interval = 200ms;
constexpr int looks_until_rest_max = 1500;  // five minutes, beside those that pass at once
constexpr Time frozen_while_others_run_max = 40s;
constexpr int pasts_looked_at = 5;
constexpr Sequence events_lost_max = 12;
constexpr int looks_until_filled_max = 750;  // two and a half minutes, as above

Catalogue small_catalogue(const process::CommonSettings& settings, std::size_t addresses) {
  auto catalogue = process::load_catalogue(settings);
  for (auto& [region, ranges] : catalogue->regions) {
    ranges = {{ranges.front().first,
               Ipv4{ranges.front().first.bits + static_cast<std::uint32_t>(addresses) - 1}}};
  }
  return *catalogue;
}

/// The run's own task, "world": makes the system, lets faults befall it, and examines it.
class Run {
 public:
  Run(World& world, const Workload& workload, Plan plan)
      : world_(world), machine_(world.machine), workload_(workload), plan_(std::move(plan)) {
    settings_.nats_url = "nats://simulated";
    settings_.schema_dir = VSIM_SOURCE_DIR "/schema";
    settings_.billing_interval = 60s;
    // Its thread would move what other workloads' seeds are known to do.
    settings_.roles.replenisher = workload_.mix.contains("set_warm_pool");
  }

  void operator()() {
    set_up();
    clients_->start(plan_.commands, workload_.clients);
    befall();
    while (!clients_->done() && !machine_.failure()) {
      look();
      machine_.sleep(look_interval);
    }
    fill_and_drain_pools();
    if (come_to_rest()) {
      examine();
    }
    clients_->end();
    end_all();
    clients_.reset();
  }

  /// Where nothing is in the way any more pools fill up, within twice the longest pause. A pool
  /// whose servers are unlucky never comes to rest, so then they are drained.
  void fill_and_drain_pools() {
    if (!settings_.roles.replenisher || machine_.failure()) {
      return;
    }
    for (const auto& [region, ranges] : catalogue_.regions) {
      if (!clients_->lift_now(region)) {
        return machine_.fail("an incident cannot be lifted");
      }
    }
    auto unfilled = audit_->unfilled_pool();
    for (int i = 0; i < looks_until_filled_max && !unfilled.empty() && !machine_.failure(); ++i) {
      machine_.sleep(look_interval);
      look();
      unfilled = audit_->unfilled_pool();
    }
    if (!unfilled.empty() && !machine_.failure()) {
      return machine_.fail(unfilled);
    }
    if (!machine_.failure() && !clients_->drain_now()) {
      machine_.fail("a warm pool cannot be drained");
    }
  }

  std::vector<eventstore::Message> log() {
    std::vector<eventstore::Message> log;
    for (const auto& [sequence, stored] : world_.hub.stream("EVENTS").messages()) {
      log.push_back(message_of(stored));
    }
    return log;
  }

 private:
  void set_up() {
    make_streams();
    catalogue_ = small_catalogue(settings_, workload_.addresses);
    auto broker = eventstore::Broker::connect({.url = settings_.nats_url, .name = "migrate"});
    eventstore::JetStreamStore events(**broker, **broker, "EVENTS");
    const Instant now =
        workload_.year == 0
            ? std::chrono::floor<Duration>(eventstore::Timestamp(machine_.now() + epoch))
            : Instant(std::chrono::sys_days(std::chrono::year(workload_.year) / 1 / 1));
    const auto seeded = vsimctl::seed_log(events, catalogue_, now,
                                          {.time_scale = 1, .sim_seed = machine_.draw(1'000'000)});
    if (!seeded) {
      machine_.fail("the log cannot be begun: " + seeded.error().detail);
    }
    events_seeded_ = world_.hub.stream("EVENTS").last();
    for (std::size_t i = 0; i < workload_.workers; ++i) {
      clock_errors_.emplace_back(0);
      workers_.push_back(new_worker(i));
    }
    apis_.push_back(std::make_unique<ApiLife>(machine_, "api"));
    clients_ = std::make_unique<Clients>(
        world_, catalogue_, [this]() -> const ApiLife& { return *apis_.back(); },
        workload_.servers);
    const auto chance = [this](const char* name) {
      const auto found = workload_.chances.find(name);
      return found == workload_.chances.end() ? 0 : found->second;
    };
    auto& weather = world_.weather;
    weather.request_lost = chance("request_lost");
    weather.answer_lost = chance("answer_lost");
    weather.slow = chance("slow");
    weather.database_fails = chance("database_fails");
    weather.stalled = chance("stalled");
    world_.hub.faults = {chance("delayed"), chance("repeated"), chance("doubled")};
    machine_.yield_at_locks(true);
  }

  void make_streams() {
    auto& hub = world_.hub;
    const auto make = [&](const char* name, const char* subjects) -> Stream& {
      auto& stream = hub.stream(name);
      stream.subjects = {subjects};
      stream.id_window = 600s;
      return stream;
    };
    auto& events = make("EVENTS", "vsim.evt.>");
    events.deny_purge = true;
    events.size_max = 262144;
    make("JOURNAL", "vsim.journal.>").unsynced = true;
    auto& queue = make("COMMANDS", "vsim.cmd.*.*");
    queue.work_queue = true;
    queue.one_per_subject = true;
    queue.size_max = 131072;
    make("ADVISORIES", "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>");
    make("DEAD_LETTERS", "vsim.dlq.>");
    hub.make_commands_consumer();
  }

  std::unique_ptr<WorkerLife> new_worker(std::size_t place) {
    auto life = std::make_unique<WorkerLife>(machine_, fmt::format("w{}.{}", place + 1, ++lives_),
                                             settings_, clock_errors_[place]);
    all_.push_back(life->process());
    return life;
  }

  // ---- faults

  void befall() {
    const Time begin = machine_.now();
    for (const auto& fault : plan_.faults) {
      machine_.sleep(std::max(Time(0), begin + fault.at - machine_.now()));
      look();
      if (machine_.failure()) {
        return;
      }
      befall(fault);
    }
  }

  void befall(const PlannedFault& fault) {
    machine_.step(fmt::format("FAULT {} {:.1f} s", fault.kind,
                              std::chrono::duration<double>(fault.length).count()));
    const auto short_time = std::min<Time>(fault.length, 20s);
    const auto place = fault.whom % workers_.size();
    if (fault.kind == "kill_worker") {
      kill_worker(place, short_time);
    } else if (fault.kind == "stop_worker") {
      workers_[place]->stop();
      if (!workers_[place]->process()->dying) {
        workers_[place] = new_worker(place);
      }
    } else if (fault.kind == "freeze_worker") {
      freeze(workers_[place]->process(), fault.length);
    } else if (fault.kind == "kill_api") {
      machine_.kill(apis_.back()->process());
      apis_.push_back(std::make_unique<ApiLife>(machine_, fmt::format("api.{}", ++lives_)));
    } else if (fault.kind == "crash_broker") {
      world_.hub.crash(short_time, fault.number % 2 == 0, fault.number % 3 == 0);
    } else if (fault.kind == "lose_link") {
      const auto& links = world_.hub.links();
      world_.hub.drop(links[fault.number % links.size()], std::min<Time>(short_time, 3s));
    } else if (fault.kind == "purge") {
      purge(fault);
    } else if (fault.kind == "pause_consumer") {
      world_.hub.pause_consumer_until(machine_.now() + short_time);
    } else if (fault.kind == "remake_consumer") {
      world_.hub.delete_commands_consumer();
      later(short_time, [this] { world_.hub.make_commands_consumer(); });
    } else if (fault.kind == "hasty_consumer") {
      world_.hub.set_ack_wait(std::chrono::milliseconds(20 + fault.number % 400));
      later(short_time, [this] { world_.hub.set_ack_wait(30s); });
    } else if (fault.kind == "remake_queue") {
      remake_queue(short_time);
    } else if (fault.kind == "rebuild") {
      rebuild();
    } else if (fault.kind == "older_log") {
      restore_older_log(fault, short_time);
    } else if (fault.kind == "database_away") {
      world_.weather.database_back_at = machine_.now() + short_time;
      if (older_log_) {
        older_log_->is_known = false;
      }
    } else if (fault.kind == "log_refuses") {
      world_.hub.refuse_appends_until(machine_.now() + short_time);
    } else if (fault.kind == "wrong_clock") {
      clock_errors_[place] = std::chrono::seconds(fault.number % 7200) - 3600s;
      kill_worker(place, short_time);
    } else {
      machine_.fail("there is no fault " + fault.kind);
    }
  }

  /// It comes back after a while.
  void kill_worker(std::size_t place, Time down) {
    machine_.kill(workers_[place]->process());
    later(down, [this, place] {
      if (workers_[place]->process()->dying) {
        workers_[place] = new_worker(place);
      }
    });
  }

  void later(Time length, std::function<void()> what) {
    ++awaited_;
    machine_.start(Machine::current()->process, "later", [this, length, what = std::move(what)] {
      machine_.sleep(length);
      if (!ended_) {
        what();
      }
      --awaited_;
    });
  }

  /// The others go on for a while; what is left of a long time passes for all at once.
  void freeze(const std::shared_ptr<Process>& process, Time length) {
    const auto beside = std::min(length, frozen_while_others_run_max);
    process->frozen_until = machine_.now() + beside;
    if (length > beside) {
      later(beside, [this, rest = length - beside] { machine_.jump(rest); });
    }
  }

  void purge(const PlannedFault& fault) {
    auto& queue = world_.hub.stream("COMMANDS");
    std::vector<Sequence> gone;
    for (const auto& [sequence, message] : queue.messages()) {
      if (fault.number % 2 == 0 || (sequence + fault.number) % 3 == 0) {
        gone.push_back(sequence);
      }
    }
    for (const auto sequence : gone) {
      note_purged(*queue.find(sequence));
      queue.remove(sequence);
    }
    world_.hub.forget_redeliveries(queue);
  }

  void note_purged(const Stored& command) {
    machine_.note("purges command " + std::to_string(command.sequence));
    if (const auto id = messages::command_id_of(message_of(command))) {
      purged_[*id] = command.sequence;
    }
  }

  /// An administrator removes COMMANDS and, after a while, runs `vsimctl migrate`, as the runbook
  /// has it for numbers that are broken.
  void remake_queue(Time down) {
    auto& queue = world_.hub.stream("COMMANDS");
    if (queue.deleted) {
      return;
    }
    for (const auto& [sequence, command] : queue.messages()) {
      note_purged(command);
    }
    world_.hub.delete_commands();
    later(down, [this] {
      const auto definition = messages::load_streams_definition(settings_.schema_dir);
      while (!migrate_broker(*definition)) {
        machine_.sleep(1s);
      }
    });
  }

  bool migrate_broker(const std::string& definition) const {
    const auto broker = eventstore::Broker::connect({.url = settings_.nats_url, .name = "migrate"});
    return broker && eventstore::ensure_streams(**broker, definition, "EVENTS", [&] {
             return vsimctl::first_free_number(**broker);
           });
  }

  /// What was purged before the janitor had copied it to a JOURNAL whose tail a crash had taken:
  /// then nothing is left that would tell of it. README.md names this limit.
  std::set<CommandId> purged_without_record() {
    std::set<Sequence> recorded;
    for (const auto& [sequence, copy] : world_.hub.stream("JOURNAL").messages()) {
      recorded.insert(messages::original_of(message_of(copy)).sequence);
    }
    std::set<CommandId> lost;
    for (const auto& [id, sequence] : purged_) {
      if (!recorded.contains(sequence)) {
        lost.insert(id);
      }
    }
    return lost;
  }

  /// What is there before is checked, then dropped: by that an operator accepts the log (D49).
  void rebuild() {
    if (!older_log_) {
      check(Audit::check_rows(world_.hub.stream("EVENTS"), world_.tables));
    }
    world_.tables = Tables{};
    if (older_log_) {
      older_log_.reset();
      audit_ = std::make_unique<Audit>();
    }
  }

  /// EVENTS is put back as it was some messages ago, with all workers running. After a while an
  /// operator follows the runbook: rebuilds, and starts all parts again.
  void restore_older_log(const PlannedFault& fault, Time unnoticed) {
    const auto& events = world_.hub.stream("EVENTS");
    const auto lost = 1 + fault.number % events_lost_max;
    if (older_log_ || events.last() <= events_seeded_ + lost) {
      return;
    }
    const auto end = events.last() - lost;
    for (auto sequence = end + 1; sequence <= events.last(); ++sequence) {
      const auto logged = messages::decode_event(message_of(*events.find(sequence)));
      if (const auto* cause = logged ? messages::cause_of(*logged) : nullptr) {
        undone_.insert(cause->command);
      }
    }
    world_.hub.crash_to_older_events(1s, end);
    const auto projected = world_.tables.checkpoints.find("EVENTS");
    const bool is_known = projected != world_.tables.checkpoints.end() &&
                          projected->second.sequence > end &&
                          machine_.now() >= world_.weather.database_back_at;
    older_log_ = {end, is_known};
    machine_.note(fmt::format("EVENTS ends at {} again, {}", end,
                              is_known ? "which the read models know" : "as the read models do"));
    later(1s + unnoticed, [this] {
      rebuild();
      for (std::size_t place = 0; place < workers_.size(); ++place) {
        machine_.kill(workers_[place]->process());
        workers_[place] = new_worker(place);
      }
      machine_.kill(apis_.back()->process());
      apis_.push_back(std::make_unique<ApiLife>(machine_, fmt::format("api.{}", ++lives_)));
    });
  }

  // ---- rest

  void check(const std::optional<std::string>& fault) {
    if (fault) {
      machine_.fail(*fault);
    }
  }

  /// What was stored since the last look.
  void look() {
    const auto& events = world_.hub.stream("EVENTS");
    if (!older_log_) {
      check(audit_->read_on(events, world_.hub.stream("COMMANDS")));
    } else if (older_log_->is_known && events.last() != older_log_->end) {
      machine_.fail("something was appended to a log that the read models know to be older");
    }
  }

  bool come_to_rest() {
    auto& weather = world_.weather;
    weather.request_lost = weather.answer_lost = weather.slow = weather.stalled =
        weather.database_fails = 0;
    world_.hub.faults = {};
    world_.hub.refuse_appends_until(Time(0));
    for (int looks = 0; !machine_.failure(); ++looks) {
      const auto why = unrest();
      if (why.empty()) {
        return true;
      }
      if (looks == looks_until_rest_max) {
        machine_.fail("it does not come to rest: " + why);
        return false;
      }
      look();
      machine_.sleep(look_interval);
    }
    return false;
  }

  /// What still has to happen.
  std::string unrest() {
    if (awaited_ > 0) {
      return "a process has not been started again";
    }
    if (!world_.hub.up()) {
      return "the broker is away";
    }
    if (machine_.now() < world_.weather.database_back_at) {
      return "Postgres is away";
    }
    const auto& queue = world_.hub.stream("COMMANDS");
    if (!queue.messages().empty()) {
      return fmt::format("command {} is in the queue", queue.messages().begin()->first);
    }
    const auto& tables = world_.tables;
    const auto stands = tables.checkpoints.find("EVENTS");
    const auto last = world_.hub.stream("EVENTS").last();
    if (stands == tables.checkpoints.end() || stands->second.sequence < last) {
      return fmt::format("the read models do not hold message {}", last);
    }
    const auto copies = tables.checkpoints.find("JOURNAL");
    if (copies == tables.checkpoints.end() ||
        copies->second.sequence != world_.hub.stream("JOURNAL").last()) {
      return "JOURNAL is not projected to its end";
    }
    for (const auto& [id, row] : tables.operations) {
      if (row.status == "PENDING") {
        return "operation " + id + " is PENDING";
      }
    }
    const auto a_second_ago = eventstore::Timestamp(machine_.now() + epoch - 1s);
    return audit_->overdue(simulated_at(tables.clock->clock, a_second_ago),
                           settings_.billing_interval);
  }

  void examine() {
    const auto& events = world_.hub.stream("EVENTS");
    look();
    check(audit_->check_answers(clients_->given(), world_.hub.stream("DEAD_LETTERS"),
                                purged_without_record(), undone_));
    check(audit_->check_letters(world_.hub.stream("DEAD_LETTERS"), undone_));
    check_purge_verdicts();
    check(audit_->check_claims());
    check(Audit::check_rows(events, world_.tables));
    check_pasts();
    if (!machine_.failure()) {
      fill_pools();
    }
  }

  /// Nothing counts as purged that nobody has purged: it would hide what was lost on another way.
  void check_purge_verdicts() {
    std::set<CommandId> claimed_by_hand;
    for (const auto& given : clients_->given()) {
      if (given->kind == "half_create" && given->server) {
        claimed_by_hand.insert(messages::command_id_of_unnamed_create(*given->server));
      }
    }
    for (const auto& id : audit_->purged()) {
      if (!purged_.contains(id) && !undone_.contains(id) && !claimed_by_hand.contains(id)) {
        machine_.fail("a verdict of a purge on what nobody has purged: " + id.to_string());
      }
    }
  }

  /// What `?at=` shows is the fold of the log up to then.
  void check_pasts() {
    auto broker = eventstore::Broker::connect({.url = settings_.nats_url, .name = "examiner"});
    eventstore::JetStreamStore events(**broker, **broker, "EVENTS");
    for (int i = 0; i < pasts_looked_at && !machine_.failure(); ++i) {
      const auto past = audit_->past(machine_.draw(1'000'000));
      if (!past) {
        continue;
      }
      const auto shown = process::server_at(events, past->server, past->at);
      if (!shown || !*shown || (*shown)->version != past->version ||
          (*shown)->status != to_string(past->status)) {
        machine_.fail(fmt::format("server {} as it was is shown wrongly: version {}, expected {}",
                                  past->server.to_string(), shown && *shown ? (*shown)->version : 0,
                                  past->version));
      }
    }
  }

  /// No address is leaked: so many creates succeed as there are free addresses, and no more.
  void fill_pools() {
    for (const auto& [region, ranges] : catalogue_.regions) {
      if (!clients_->lift_now(region)) {
        return machine_.fail("an incident cannot be lifted at rest");
      }
      const auto free = audit_->free_addresses(region);
      for (std::size_t i = 0; i <= free && !machine_.failure(); ++i) {
        const auto told = clients_->create_now(region);
        if (!told) {
          return machine_.fail("a create at rest has no outcome");
        }
        const bool fits = told->kind == OutcomeKind::succeeded;
        // Meanwhile servers may be reaped, and their addresses are free again.
        if (i < free && !fits) {
          return machine_.fail(fmt::format(
              "an address of {} is leaked: create {} of {} was refused", region.name, i + 1, free));
        }
      }
    }
    look();
  }

  void end_all() {
    ended_ = true;  // nobody is started again
    for (const auto& api : apis_) {
      all_.push_back(api->process());
    }
    for (const auto& process : all_) {
      machine_.kill(process);
    }
    for (const auto& process : all_) {
      machine_.await_end(process);
    }
  }

  World& world_;
  Machine& machine_;
  const Workload& workload_;
  const Plan plan_;
  process::WorkerSettings settings_;
  Catalogue catalogue_;
  std::vector<Time> clock_errors_;
  std::vector<std::unique_ptr<WorkerLife>> workers_;
  std::vector<std::unique_ptr<ApiLife>> apis_;
  std::vector<std::shared_ptr<Process>> all_;
  std::unique_ptr<Clients> clients_;
  std::unique_ptr<Audit> audit_ = std::make_unique<Audit>();
  std::map<CommandId, Sequence> purged_;
  Sequence events_seeded_ = 0;
  struct OlderLog {
    Sequence end = 0;
    bool is_known = false;  // the read models hold more, and have answered all the time
  };
  std::optional<OlderLog> older_log_;  // until an operator accepts it
  std::set<CommandId> undone_;         // whose outcomes it lacks
  int lives_ = 0;
  int awaited_ = 0;
  bool ended_ = false;
};

}  // namespace

RunResult run_seed(const Workload& workload, std::uint64_t seed, const Limits& limits,
                   bool print_steps) {
  auto plan = make_plan(workload, seed);
  plan.commands.resize(std::min(plan.commands.size(), limits.commands));
  plan.faults.resize(std::min(plan.faults.size(), limits.faults));
  RunResult result;
  result.commands = plan.commands.size();
  result.faults = plan.faults.size();
  World world(seed);
  set_world(&world);
  world.machine.print_steps(print_steps);
  world.weather.faults_max = limits.lucks;
  {
    Run run(world, workload, std::move(plan));
    world.machine.run([&run] { run(); });
    result.log = run.log();
  }
  if (world.machine.failure()) {
    result.failure = world.machine.failure()->what;
  }
  result.lucks = world.weather.faults;
  result.history = world.machine.history();
  result.steps = world.machine.steps();
  result.seconds = std::chrono::duration<double>(world.machine.now()).count();
  result.last_steps = world.machine.last_steps();
  set_world(nullptr);
  return result;
}

}  // namespace vsim::simulation
