#include "workers/projector.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "eventstore/error_words.h"
#include "eventstore/lost_message.h"
#include "ops/process/pause.h"
#include "ops/telemetry/log.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/sha256.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/log_identity.h"
#include "schema/read_model/migrations.h"
#include "schema/read_model/projection_batch.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using read_model::DatabaseError;
using Kind = Setback::Kind;

constexpr std::size_t batch_events_max = 1000;
constexpr auto message_wait = 250ms;      // between looks at the stop token
constexpr auto idle_check_interval = 5s;  // of log and Postgres, while nothing comes
constexpr auto busy_check_interval = 1s;  // while much comes
constexpr auto standby_interval = 500ms;  // between attempts to become the active one
constexpr auto takeover_after = 3s;       // from an active one that does not move
constexpr auto projection_retry_shortest = 50ms;
constexpr auto projection_retry_longest = 2000ms;
constexpr auto stopped_retry = 5s;
constexpr std::uint64_t lag_ready_max = 10'000;

Setback setback_of(const DatabaseError& error) {
  switch (error.kind) {
    case DatabaseError::Kind::unavailable:
    case DatabaseError::Kind::busy:
    case DatabaseError::Kind::read_only:
      return {Kind::unavailable, "Postgres: " + error.detail};
    case DatabaseError::Kind::not_migrated:
      return {Kind::moved, "the read models' tables are gone: " + error.detail};
    case DatabaseError::Kind::bad_value:
    case DatabaseError::Kind::refused:
      break;
  }
  return {Kind::stopped, "Postgres refused: " + error.detail};
}

Setback setback_of(const eventstore::Error& error) {
  const bool damaged = error.kind == eventstore::Error::Kind::damaged;
  log::debug("EVENTS cannot be read", {{"error", error.detail}});
  return {damaged ? Kind::stopped : Kind::unavailable, in_words(error)};
}

std::string name_of(const eventstore::Message& message) {
  return fmt::format("message {} of EVENTS, {}", message.sequence, message.subject);
}

/// Adds the rows that the message makes. The error says what is wrong with it; then nothing was
/// added.
std::string add_message(read_model::ProjectionBatch& batch, const eventstore::Message& message) {
  auto logged = messages::decode_event(message);
  if (!logged) {
    return logged.error();
  }
  return batch.add(std::move(*logged), message.sequence);
}

}  // namespace

Projector::Projector(eventstore::EventStore& events, Settings settings, Catalogue catalogue,
                     OnCommitted on_committed, telemetry::Metrics& metrics)
    : events_(events),
      settings_(std::move(settings)),
      catalogue_(std::move(catalogue)),
      on_committed_(std::move(on_committed)),
      projected_(metrics.counter("vsim_projected_events_total", "Events in the read models")),
      batch_seconds_(metrics.histogram("vsim_projection_batch_seconds",
                                       "Seconds from a batch's messages to its commit", {},
                                       telemetry::latency_bounds_seconds())),
      stopped_(
          metrics.gauge("vsim_projection_stopped", "1 while the projection waits for an operator")),
      retry_after_(projection_retry_shortest) {
  status_.reason = "the projector has not begun";
}

void Projector::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const Setback setback = project(stop);
    if (stop.stop_requested()) {
      break;
    }
    record_setback(setback);
    switch (setback.kind) {
      case Kind::moved:
        process::pause(stop, projection_retry_shortest);
        break;
      case Kind::unavailable:
        process::pause(stop, retry_after_);
        retry_after_ =
            std::min<std::chrono::milliseconds>(2 * retry_after_, projection_retry_longest);
        break;
      case Kind::stopped:
        process::pause(stop, stopped_retry);
        break;
    }
  }
}

/// One session with Postgres, from its beginning to whatever ends it.
Setback Projector::project(std::stop_token stop) {
  auto writer =
      read_model::ProjectionWriter::open(settings_.database_url, read_model::Projection::events);
  if (!writer) {
    return setback_of(writer.error());
  }
  if (auto setback = become_active(**writer, stop)) {
    return *setback;
  }
  const auto migrated = read_model::apply_migrations(settings_.database_url, settings_.schema_dir);
  if (!migrated) {
    return setback_of(migrated.error());
  }
  if (!migrated->dropped_because.empty()) {
    log::warn("read models dropped, to be projected again from the first event",
              {{"because", migrated->dropped_because}});
  }
  if (!migrated->applied.empty()) {
    log::info("tables made or changed", {{"up_to", migrated->applied.back()}});
  }
  if (auto put = (*writer)->put_catalogue(catalogue_); !put) {
    return setback_of(put.error());
  }
  auto checkpoint = (*writer)->checkpoint();
  if (!checkpoint) {
    return setback_of(checkpoint.error());
  }
  checkpoint_ = *checkpoint;
  return follow(**writer, stop);
}

/// Waits for the lock that the active projector's session holds; or until that projector has not
/// moved for a while although there is something to do. A paused process keeps its session, and so
/// the lock; when it wakes up, the checkpoint keeps it from writing anything twice.
std::optional<Setback> Projector::become_active(read_model::ProjectionWriter& writer,
                                                std::stop_token stop) {
  StreamSequence seen = 0;
  auto moved_at = std::chrono::steady_clock::now();
  while (true) {
    const auto locked = writer.try_lock();
    if (!locked) {
      return setback_of(locked.error());
    }
    if (*locked) {
      return std::nullopt;
    }
    record_standby();
    const auto checkpoint = writer.checkpoint();
    const auto end = events_.last_sequence();
    const bool has_work = checkpoint && end && checkpoint->sequence < *end;
    if (!has_work || checkpoint->sequence != seen) {
      seen = checkpoint ? checkpoint->sequence : 0;
      moved_at = std::chrono::steady_clock::now();
    } else if (std::chrono::steady_clock::now() - moved_at > takeover_after) {
      log::warn("taking over from a projector that does not move", {{"checkpoint", seen}});
      return std::nullopt;
    }
    process::pause(stop, standby_interval);
    if (stop.stop_requested()) {
      return Setback{Kind::moved, "stopped"};
    }
  }
}

Setback Projector::follow(read_model::ProjectionWriter& writer, std::stop_token stop) {
  if (auto setback = check_log()) {
    return *setback;
  }
  log::info("projecting", {{"stream", "EVENTS"}, {"after", checkpoint_.sequence}});
  const auto follower = events_.follow(checkpoint_.sequence);
  while (!stop.stop_requested()) {
    const auto messages = follower->next(batch_events_max, message_wait);
    if (!messages) {
      return setback_of(messages.error());  // the log is checked before it is followed again
    }
    if (auto setback = apply(writer, *messages)) {
      return *setback;
    }
    if (auto setback = watch(writer, messages->empty())) {
      return *setback;
    }
  }
  return {Kind::moved, "stopped"};
}

/// Whether the log still holds what has been projected. A restored backup or a wiped store does
/// not.
std::optional<Setback> Projector::check_log() {
  const auto last = events_.last_sequence();
  if (!last) {
    return setback_of(last.error());
  }
  log_checked_at_ = std::chrono::steady_clock::now();
  if (checkpoint_.sequence > 0) {
    const auto message = events_.load(checkpoint_.sequence);
    if (!message) {
      return setback_of(message.error());
    }
    if (auto fault = read_model::fault_of_log(checkpoint_, *last, *message, "has been projected")) {
      return Setback{Kind::stopped, std::move(*fault)};
    }
  }
  log_end_ = *last;
  record_progress();
  return std::nullopt;
}

/// Applies what can be read, and stops at what cannot.
std::optional<Setback> Projector::apply(read_model::ProjectionWriter& writer, Messages messages) {
  read_model::ProjectionBatch batch;
  std::size_t readable = 0;
  std::string unreadable;
  while (readable < messages.size() && unreadable.empty()) {
    unreadable = add_message(batch, messages[readable]);
    readable += unreadable.empty() ? 1 : 0;
  }
  if (readable > 0) {
    if (auto setback = write(writer, std::move(batch), messages.first(readable))) {
      return setback;
    }
  }
  if (unreadable.empty()) {
    return std::nullopt;
  }
  return Setback{Kind::stopped, name_of(messages[readable]) + ": " + unreadable};
}

std::optional<Setback> Projector::write(read_model::ProjectionWriter& writer,
                                        read_model::ProjectionBatch batch, Messages messages) {
  const auto begun_at = std::chrono::steady_clock::now();
  const auto& last = messages.back();
  const read_model::Checkpoint next{last.sequence, messages::sha256_hex(last.payload), 0};
  const auto written = writer.apply(std::move(batch), checkpoint_.sequence, next);
  if (!written && written.error().kind == DatabaseError::Kind::bad_value && messages.size() > 1) {
    // One of them is at fault: halve until it is alone and can be named.
    const auto half = messages.size() / 2;
    if (auto setback = apply(writer, messages.first(half))) {
      return setback;
    }
    return apply(writer, messages.subspan(half));
  }
  if (!written) {
    auto setback = setback_of(written.error());
    if (written.error().kind == DatabaseError::Kind::bad_value) {
      setback.reason += " (at " + name_of(last) + ")";
    }
    return setback;
  }
  if (!*written) {
    return Setback{Kind::moved, "another projector moved the checkpoint"};
  }
  checkpoint_ = next;
  on_committed_(messages);
  held_up_ = false;
  record_progress();
  projected_.add(static_cast<double>(messages.size()));
  batch_seconds_.observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_at).count());
  return std::nullopt;
}

/// Once in a while, how far the log has run ahead, and whether Postgres is there with our
/// checkpoint: while no event comes, nothing else would notice that it is not.
std::optional<Setback> Projector::watch(read_model::ProjectionWriter& writer, bool idle) {
  const auto since = std::chrono::steady_clock::now() - log_checked_at_;
  if (since <= (idle ? idle_check_interval : busy_check_interval)) {
    return std::nullopt;
  }
  const auto stored = writer.checkpoint();
  if (!stored) {
    return setback_of(stored.error());
  }
  if (stored->sequence != checkpoint_.sequence) {
    return Setback{Kind::moved, "the checkpoint was moved by others"};
  }
  if (auto setback = check_log()) {
    return setback;
  }
  return idle ? check_next() : std::nullopt;
}

/// That nothing came though the log goes on may mean that its next message is lost: a broker leaves
/// out what fails its checksum, and at the end of the log no later message shows the gap.
std::optional<Setback> Projector::check_next() {
  const auto next = checkpoint_.sequence + 1;
  if (log_end_ < next) {
    return std::nullopt;
  }
  const auto message = events_.load(next);
  if (!message) {
    return setback_of(message.error());
  }
  if (*message) {
    return std::nullopt;
  }
  return Setback{Kind::stopped,
                 eventstore::lost_message(next, messages::events_stream,
                                          fmt::format("the log ends at {}", log_end_))};
}

void Projector::record_setback(const Setback& setback) {
  held_up_ = true;
  const std::lock_guard lock(mutex_);
  // The same reason again and again is one line in the log.
  if (status_.reason != setback.reason) {
    const auto level = setback.kind == Kind::stopped ? log::Level::error : log::Level::warn;
    log::write(level, "projection held up",
               {{"reason", setback.reason}, {"checkpoint", checkpoint_.sequence}});
  }
  status_.ready = false;
  status_.reason = setback.reason;
  status_.checkpoint = checkpoint_.sequence;
  stopped_.set(setback.kind == Kind::stopped ? 1 : 0);
}

void Projector::record_progress() {
  log_end_ = std::max(log_end_, checkpoint_.sequence);
  const auto lag = log_end_ - checkpoint_.sequence;
  held_up_ = held_up_ && lag > 0;
  const std::lock_guard lock(mutex_);
  status_.active = true;
  status_.checkpoint = checkpoint_.sequence;
  status_.lag = lag;
  stopped_.set(0);
  if (held_up_) {
    return;  // a new try is no progress: what held it up may do so again, and is still the reason
  }
  status_.ready = lag <= lag_ready_max;
  status_.reason = status_.ready ? "" : fmt::format("catching up: {} events to project", lag);
  retry_after_ = projection_retry_shortest;
}

void Projector::record_standby() {
  const std::lock_guard lock(mutex_);
  if (status_.active || !status_.ready) {
    log::info("standing by: another projector is active");
  }
  held_up_ = false;
  status_ = ProjectorStatus{true, "standing by: another projector is active", false, 0, 0};
  stopped_.set(0);
}

ProjectorStatus Projector::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace vsim::workers
