#include "workers/journal_projector.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "domain/queue_numbers.h"
#include "eventstore/error_words.h"
#include "ops/process/pause.h"
#include "ops/telemetry/log.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/journal_copy.h"
#include "schema/messages/sha256.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using Kind = Setback::Kind;

constexpr std::size_t batch_commands_max = 1000;
constexpr auto copy_wait = 250ms;  // between looks at the stop token
constexpr auto deliberate_lag = 200ms;
constexpr auto journal_standby_interval = 1s;
constexpr auto retry_interval = 1s;

Setback journal_setback(const read_model::DatabaseError& error) {
  if (error.kind == read_model::DatabaseError::Kind::not_migrated) {
    return {Kind::moved, "tables are missing: run vsimctl migrate, or start a projector"};
  }
  return {Kind::unavailable, "Postgres: " + error.detail};
}

Setback journal_setback(const eventstore::Error& error) {
  log::debug("JOURNAL cannot be read", {{"error", error.detail}});
  return {Kind::unavailable, in_words(error)};
}

/// Payloads are alike; the place and time at which the command was accepted are its own.
std::string hash_of(const eventstore::Message& copy) {
  const auto original = messages::original_of(copy);
  const auto stored_at = original.stored_at.time_since_epoch().count();
  return messages::sha256_hex(copy.payload + "\n" + std::to_string(original.sequence) + "@" +
                              std::to_string(stored_at));
}

std::string hash_of_older_builds(const eventstore::Message& copy) {
  return messages::sha256_hex(copy.payload);
}

}  // namespace

JournalProjector::JournalProjector(eventstore::EventStore& journal, eventstore::EventStore& queue,
                                   std::string database_url, telemetry::Metrics& metrics)
    : journal_(journal),
      queue_(queue),
      database_url_(std::move(database_url)),
      unreadable_(metrics.counter("vsim_journal_unreadable_total",
                                  "Journalled commands that cannot be read and are skipped")) {
  status_.reason = "the journal's projector has not begun";
}

void JournalProjector::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const Setback setback = project(stop);
    if (stop.stop_requested()) {
      break;
    }
    if (status().reason != setback.reason) {
      log::warn("projection of the journal held up", {{"reason", setback.reason}});
    }
    set_status({.ready = false,
                .reason = setback.reason,
                .active = false,
                .checkpoint = checkpoint_.sequence,
                .lag = 0});
    process::pause(stop, retry_interval);
  }
}

/// One session with Postgres, from its beginning to whatever ends it.
Setback JournalProjector::project(std::stop_token stop) {
  auto writer = read_model::ProjectionWriter::open(database_url_, read_model::Projection::journal);
  if (!writer) {
    return journal_setback(writer.error());
  }
  for (auto locked = (*writer)->try_lock(); !locked || !*locked; locked = (*writer)->try_lock()) {
    if (!locked) {
      return journal_setback(locked.error());
    }
    set_status({.ready = true,
                .reason = "standing by: another projector of the journal is active",
                .active = false,
                .checkpoint = 0,
                .lag = 0});
    process::pause(stop, journal_standby_interval);
    if (stop.stop_requested()) {
      return {Kind::moved, "stopped"};
    }
  }
  auto checkpoint = (*writer)->checkpoint();
  if (!checkpoint) {
    return journal_setback(checkpoint.error());
  }
  checkpoint_ = *checkpoint;
  if (auto setback = check_journal(**writer)) {
    return *setback;
  }
  return follow(**writer, stop);
}

/// Another journal than that of the checkpoint is read from its beginning, which costs time only,
/// since rows that are there stay as they are.
std::optional<Setback> JournalProjector::check_journal(read_model::ProjectionWriter& writer) {
  if (checkpoint_.sequence == 0) {
    return begin_anew(writer);
  }
  const auto same = is_the_same_journal();
  if (!same) {
    return journal_setback(same.error());
  }
  if (*same) {
    return std::nullopt;
  }
  log::warn("JOURNAL was made anew; reading it from its beginning",
            {{"checkpoint", checkpoint_.sequence}});
  return begin_anew(writer);
}

/// By what stands at the checkpoint. One that is too old to be kept proves nothing, and need not:
/// another journal begins at 1.
eventstore::Result<bool> JournalProjector::is_the_same_journal() {
  const auto last = journal_.last_sequence();
  if (!last) {
    return tl::unexpected(last.error());
  }
  if (*last < checkpoint_.sequence) {
    return false;
  }
  const auto known = journal_.load(checkpoint_.sequence);
  if (!known) {
    return tl::unexpected(known.error());
  }
  return !*known || checkpoint_.hash == hash_of(**known) ||
         checkpoint_.hash == hash_of_older_builds(**known);
}

/// What waits in the queue may have been accepted before this journal was made, and then no copy of
/// it will come: so it is shown first. Else an operation would be unknown that was acknowledged, as
/// soon as the journal's first command has been projected.
std::optional<Setback> JournalProjector::begin_anew(read_model::ProjectionWriter& writer) {
  const auto queued = queue_.load_history(std::string(messages::command_prefix) + ">");
  if (!queued) {
    return journal_setback(queued.error());
  }
  const read_model::Checkpoint begin{0, "", 0};
  for (std::size_t first = 0; first == 0 || first < queued->size(); first += batch_commands_max) {
    std::vector<read_model::OperationRow> rows;
    const auto end = std::min(first + batch_commands_max, queued->size());
    for (std::size_t i = first; i < end; ++i) {
      add_row(rows, (*queued)[i]);
    }
    if (auto setback = write(writer, rows, begin)) {
      return setback;
    }
  }
  return std::nullopt;
}

/// What cannot be read is poison in the queue too: a worker deals with it.
void JournalProjector::add_row(std::vector<read_model::OperationRow>& rows,
                               const eventstore::Message& command) {
  if (const auto decoded = messages::decode_command(command)) {
    rows.push_back(
        std::visit([](const auto& known) { return read_model::pending_operation_row(known); },
                   decoded->command));
  } else {
    unreadable_.add();
  }
}

/// Read models that were dropped and made anew begin at 0 again; while no command comes, nothing
/// but this look would notice.
std::optional<Setback> JournalProjector::check_checkpoint(read_model::ProjectionWriter& writer) {
  const auto stored = writer.checkpoint();
  if (!stored) {
    return journal_setback(stored.error());
  }
  if (stored->sequence == checkpoint_.sequence) {
    return std::nullopt;
  }
  return Setback{Kind::moved, "the journal's checkpoint was moved by others"};
}

Setback JournalProjector::follow(read_model::ProjectionWriter& writer, std::stop_token stop) {
  const auto follower = journal_.follow(checkpoint_.sequence);
  while (!stop.stop_requested()) {
    set_status({.ready = true,
                .reason = "",
                .active = true,
                .checkpoint = checkpoint_.sequence,
                .lag = 0});
    const auto messages = gather(*follower, stop);
    if (!messages) {
      return journal_setback(messages.error());
    }
    auto setback = messages->empty() ? check_checkpoint(writer) : apply(writer, *messages);
    if (setback) {
      return *setback;
    }
  }
  return {Kind::moved, "stopped"};
}

/// What comes within the deliberate lag after the first message.
eventstore::Result<std::vector<eventstore::Message>> JournalProjector::gather(
    eventstore::Follower& follower, std::stop_token stop) {
  auto messages = follower.next(batch_commands_max, copy_wait);
  if (!messages || messages->empty() || messages->size() == batch_commands_max) {
    return messages;
  }
  process::pause(stop, deliberate_lag);
  auto more = follower.next(batch_commands_max, 1ms);
  if (!more) {
    return more;
  }
  std::move(more->begin(), more->end(), std::back_inserter(*messages));
  return messages;
}

std::optional<Setback> JournalProjector::apply(read_model::ProjectionWriter& writer,
                                               const std::vector<eventstore::Message>& messages) {
  if (messages.empty()) {
    return std::nullopt;
  }
  std::vector<read_model::OperationRow> rows;
  read_model::Checkpoint next = checkpoint_;
  if (next.command_sequence >= queue_numbers_counted) {
    next.command_sequence = 0;
  }
  for (const auto& message : messages) {
    const auto original = messages::original_of(message);
    // A queue that was purged too far is made anew below that (D45).
    if (original.sequence < queue_numbers_counted) {
      next.command_sequence = std::max(next.command_sequence, original.sequence);
    }
    add_row(rows, original);
  }
  next.sequence = messages.back().sequence;
  next.hash = hash_of(messages.back());
  return write(writer, rows, next);
}

std::optional<Setback> JournalProjector::write(read_model::ProjectionWriter& writer,
                                               const std::vector<read_model::OperationRow>& rows,
                                               const read_model::Checkpoint& next) {
  const auto written = writer.apply_pending(rows, checkpoint_.sequence, next);
  if (!written) {
    return journal_setback(written.error());
  }
  if (!*written) {
    return Setback{Kind::moved, "another projector of the journal moved the checkpoint"};
  }
  checkpoint_ = next;
  return std::nullopt;
}

void JournalProjector::set_status(ProjectorStatus status) {
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
}

ProjectorStatus JournalProjector::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace vsim::workers
