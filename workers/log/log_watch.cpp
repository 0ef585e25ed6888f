#include "workers/log/log_watch.h"

#include <utility>

#include <fmt/format.h>

#include "ops/process/pause.h"
#include "ops/telemetry/log.h"
#include "schema/messages/sha256.h"

namespace vsim::workers {
namespace {

using namespace std::chrono_literals;
using eventstore::Error;
using eventstore::Result;
using read_model::DatabaseError;

constexpr auto look_interval = 2s;
constexpr auto first_look_interval = 250ms;  // until the read models have answered once

}  // namespace

LogWatch::LogWatch(eventstore::EventStore& log, KnownHeads& heads, ReadMarks read_marks,
                   Reconnects reconnects, telemetry::Metrics& metrics)
    : log_(log),
      heads_(heads),
      read_marks_(std::move(read_marks)),
      reconnects_(std::move(reconnects)),
      unsound_(metrics.gauge("vsim_log_unsound",
                             "1 while EVENTS is not the log that this worker and the read models "
                             "know: it went backwards, or has lost a message")) {}

void LogWatch::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    look();
    std::unique_lock lock(mutex_);
    const bool known = models_.has_value();
    lock.unlock();
    process::pause(stop, known ? look_interval : first_look_interval);
  }
}

void LogWatch::look() {
  const std::lock_guard looking(looking_);
  const auto reconnects = reconnects_();
  const auto marks = ask_models();
  if (compare(reconnects) && marks && trouble().empty()) {
    heads_.record(*marks);
  }
}

std::optional<read_model::LogMarks> LogWatch::ask_models() {
  auto marks = read_marks_();
  // Without tables there are no read models, and so none that could come from another log.
  if (!marks && marks.error().kind == DatabaseError::Kind::not_migrated) {
    marks = read_model::LogMarks{};
  }
  heads_.models_answer(marks.has_value());
  const std::lock_guard lock(mutex_);
  if (!marks) {
    models_silence_ = marks.error().detail;
    return std::nullopt;
  }
  models_ = marks->checkpoint.value_or(read_model::Checkpoint{});
  return std::move(*marks);
}

Result<std::optional<std::string>> LogWatch::fault_of(const read_model::Checkpoint& known,
                                                      std::string_view known_by) {
  if (known.sequence == 0) {
    return std::optional<std::string>();
  }
  const auto end = log_.last_sequence();
  if (!end) {
    return tl::unexpected(end.error());
  }
  const auto there = log_.load(known.sequence);
  if (!there) {
    return tl::unexpected(there.error());
  }
  return read_model::fault_of_log(known, *end, *there, known_by);
}

Result<void> LogWatch::compare(std::uint64_t reconnects) {
  std::unique_lock lock(mutex_);
  const auto models = models_.value_or(read_model::Checkpoint{});
  const auto own = own_;
  lock.unlock();
  auto models_fault = fault_of(models, "has been projected");
  if (!models_fault) {
    return tl::unexpected(models_fault.error());
  }
  auto own_fault = fault_of(own, "was known to this process");
  if (!own_fault) {
    return tl::unexpected(own_fault.error());
  }
  // By what the read models say now it is known later whether they have been made anew.
  if (*own_fault && !*models_fault && ask_models()) {
    lock.lock();
    const auto newer = models_.value_or(read_model::Checkpoint{});
    lock.unlock();
    models_fault = fault_of(newer, "has been projected");
    if (!models_fault) {
      return tl::unexpected(models_fault.error());
    }
  }
  judge(*models_fault, *own_fault, reconnects);
  return {};
}

void LogWatch::judge(const std::optional<std::string>& models,
                     const std::optional<std::string>& own, std::uint64_t reconnects) {
  const std::lock_guard lock(mutex_);
  compared_at_ = reconnects;
  const bool made_anew = !models_fault_.empty() && !models;
  models_fault_ = models.value_or("");
  if (made_anew) {
    heads_.forget();
    own_ = {};
    own_fault_.clear();
    lost_.clear();
    ++generation_;
  } else if (own && own_fault_.empty()) {
    own_fault_ = *own + "; then start this worker again";
  }
  show_locked();
}

std::uint64_t LogWatch::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

std::uint64_t LogWatch::reader_begins() {
  const std::lock_guard lock(mutex_);
  readers_.insert(generation_);
  return generation_;
}

void LogWatch::reader_ends(std::uint64_t generation) {
  const std::lock_guard lock(mutex_);
  readers_.erase(readers_.find(generation));
}

Result<void> LogWatch::check() {
  std::unique_lock lock(mutex_);
  const bool is_new = compared_at_ != reconnects_();
  lock.unlock();
  if (auto why = awaited(); !why.empty()) {
    return eventstore::fail(Error::Kind::unavailable, std::move(why));
  }
  if (is_new) {
    if (auto ok = look_anew(); !ok) {
      return ok;
    }
  }
  lock.lock();
  auto trouble = models_fault_.empty() ? own_fault_ : models_fault_;
  if (trouble.empty()) {
    return {};
  }
  return eventstore::fail(Error::Kind::unavailable, std::move(trouble));
}

Result<void> LogWatch::check_append() {
  if (auto ok = check(); !ok) {
    return ok;
  }
  const std::lock_guard lock(mutex_);
  if (readers_.empty() || *readers_.begin() == generation_) {
    return {};
  }
  return eventstore::fail(Error::Kind::unavailable,
                          "the view of the log is still being made anew from another log");
}

Result<void> LogWatch::look_anew() {
  const std::lock_guard looking(looking_);
  std::unique_lock lock(mutex_);
  if (compared_at_ == reconnects_()) {
    return {};  // another thread has looked meanwhile
  }
  lock.unlock();
  return look_locked();
}

Result<void> LogWatch::look_locked() {
  const auto reconnects = reconnects_();
  // An older copy may still hold the checkpoint of the last look. If Postgres does not answer, that
  // checkpoint is used.
  ask_models();
  return compare(reconnects);
}

Result<void> LogWatch::before_reading_on() {
  std::unique_lock lock(mutex_);
  const auto own = own_;
  lock.unlock();
  const auto fault = fault_of(own, "was known to this process");
  if (!fault) {
    return tl::unexpected(fault.error());
  }
  if (!*fault) {
    return {};
  }
  const std::lock_guard looking(looking_);
  return look_locked();
}

void LogWatch::record_known(StreamSequence sequence, std::string_view payload) {
  auto hash = messages::sha256_hex(payload);
  const std::lock_guard lock(mutex_);
  if (sequence > own_.sequence) {
    own_ = {sequence, std::move(hash), 0};
  }
}

StreamSequence LogWatch::last_known() const {
  const std::lock_guard lock(mutex_);
  return own_.sequence;
}

void LogWatch::record_short(StreamSequence end, StreamSequence known) {
  const std::lock_guard lock(mutex_);
  if (own_fault_.empty()) {
    own_fault_ = fmt::format(
        "the log went backwards: EVENTS ends at {}, {} was known to this process; restore it, or "
        "run vsimctl rebuild; then start this worker again",
        end, known);
  }
  show_locked();
}

void LogWatch::record_lost(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (lost_.empty()) {
    lost_ = what;
  }
  show_locked();
}

std::string LogWatch::awaited() const {
  const std::lock_guard lock(mutex_);
  if (models_) {
    return {};
  }
  return "from which log the read models come is not known yet: " + models_silence_;
}

std::string LogWatch::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_locked();
}

std::string LogWatch::trouble_locked() const {
  if (!models_fault_.empty()) {
    return models_fault_;
  }
  return own_fault_.empty() ? lost_ : own_fault_;
}

void LogWatch::show_locked() {
  auto trouble = trouble_locked();
  unsound_.set(trouble.empty() ? 0 : 1);
  if (!trouble.empty() && trouble != logged_) {
    log::error(trouble);
  }
  logged_ = std::move(trouble);
}

}  // namespace vsim::workers
