#include "workers/janitor/journal_repair.h"

#include <algorithm>
#include <unordered_map>

#include "ops/telemetry/log.h"
#include "schema/messages/journal_copy.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {

using eventstore::Append;
using eventstore::Message;
using eventstore::Result;
using namespace std::chrono_literals;

namespace {

constexpr auto settling = 2s;  // republishing follows an acknowledgement within milliseconds
constexpr std::size_t queued_at_once = 1000;
constexpr std::size_t copied_at_once = 64;

}  // namespace

JournalRepair::JournalRepair(eventstore::EventStore& queue, eventstore::EventStore& journal,
                             CountReconnects reconnects, JournalMade journal_made,
                             telemetry::Metrics& metrics)
    : queue_(queue),
      journal_(journal),
      reconnects_(std::move(reconnects)),
      journal_made_(std::move(journal_made)),
      repaired_(metrics.counter("vsim_journal_repaired_total",
                                "Commands that JOURNAL lacked and was given")) {}

Result<void> JournalRepair::run_if_due(std::chrono::steady_clock::time_point now) {
  const auto reconnects = reconnects_();
  if (reconnects != reconnects_seen_) {
    reconnects_seen_ = reconnects;
    due_ = now + settling;
  }
  if (auto made = journal_made_(); !made.empty() && made != journal_seen_) {
    journal_seen_ = std::move(made);
    due_ = now + settling;
  }
  if (!due_ || now < *due_) {
    return {};
  }
  const auto repaired = repair();
  if (!repaired) {
    return tl::unexpected(repaired.error());
  }
  due_.reset();
  if (*repaired > 0) {
    log::warn("JOURNAL was repaired", {{"commands", *repaired}});
  }
  return {};
}

Result<std::size_t> JournalRepair::repair() {
  const auto queued = queue_.load_history(std::string(messages::command_prefix) + ">");
  if (!queued) {
    return tl::unexpected(queued.error());
  }
  std::size_t repaired = 0;
  for (std::size_t first = 0; first < queued->size(); first += queued_at_once) {
    const auto count = std::min(queued_at_once, queued->size() - first);
    const auto some = repair_some(std::span(*queued).subspan(first, count));
    if (!some) {
      return some;
    }
    repaired += *some;
  }
  return repaired;
}

Result<std::size_t> JournalRepair::repair_some(std::span<const Message> queued) {
  std::vector<std::string> subjects;
  for (const auto& command : queued) {
    subjects.push_back(messages::journal_subject(command.subject));
  }
  const auto journalled = journal_.load_last(subjects);
  if (!journalled) {
    return tl::unexpected(journalled.error());
  }
  // A queue holds one command a subject, and that is the newest that was accepted for it.
  std::unordered_map<std::string, StreamSequence> known;
  for (const auto& copy : *journalled) {
    known[copy.subject] = messages::original_of(copy).sequence;
  }
  std::vector<Append> copies;
  for (const auto& command : queued) {
    const auto found = known.find(messages::journal_subject(command.subject));
    if (found != known.end() && found->second == command.sequence) {
      continue;
    }
    copies.push_back({.subject = messages::journal_subject(command.subject),
                      .payload = command.payload,
                      .headers = messages::journal_headers(command),
                      .expected = std::nullopt});
  }
  for (std::size_t first = 0; first < copies.size(); first += copied_at_once) {
    const auto count = std::min(copied_at_once, copies.size() - first);
    for (const auto& result : journal_.append_each(std::span(copies).subspan(first, count))) {
      if (!result) {
        return tl::unexpected(result.error());
      }
      repaired_.add();
    }
  }
  return copies.size();
}

}  // namespace vsim::workers
