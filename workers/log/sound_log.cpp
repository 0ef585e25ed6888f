#include "workers/log/sound_log.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "eventstore/lost_message.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {
namespace {

using eventstore::Append;
using eventstore::Chain;
using eventstore::ChainEnd;
using eventstore::Error;
using eventstore::Message;
using eventstore::Result;
using eventstore::Sequence;

class NotingFollower : public eventstore::Follower {
 public:
  NotingFollower(std::unique_ptr<Follower> follower, LogWatch& watch, KnownHeads& heads)
      : follower_(std::move(follower)),
        watch_(watch),
        heads_(heads),
        generation_(watch.reader_begins()) {}
  ~NotingFollower() override { watch_.reader_ends(generation_); }
  NotingFollower(const NotingFollower&) = delete;
  NotingFollower& operator=(const NotingFollower&) = delete;

  Result<std::vector<Message>> next(std::size_t max, std::chrono::milliseconds wait) override {
    if (watch_.generation() != generation_) {
      return eventstore::fail(Error::Kind::conflict, "another log has taken the place of EVENTS");
    }
    if (reads_on_) {
      if (auto ok = watch_.before_reading_on(); !ok) {
        return tl::unexpected(ok.error());
      }
    }
    auto messages = follower_->next(max, wait);
    reads_on_ = !messages;
    if (!messages || messages->empty()) {
      return messages;
    }
    for (const auto& message : *messages) {
      heads_.record(message.subject, message.sequence);
    }
    watch_.record_known(messages->back().sequence, messages->back().payload);
    return messages;
  }

 private:
  std::unique_ptr<Follower> follower_;
  LogWatch& watch_;
  KnownHeads& heads_;
  std::uint64_t generation_;
  bool reads_on_ = true;  // behind what was read before, by another follower or before an error
};

// A server's events stand under its region's subject, and are looked for over all regions.
std::string filter_of(const std::string& subject) {
  const auto target = messages::parse_server_events_subject(subject);
  return target ? messages::any_events_of(target->server) : subject;
}

// A message that is there by its number and not by its subject: one before it, which cannot be
// read, is in the way.
std::string hidden_message(Sequence known, Sequence found) {
  return fmt::format(
      "the broker gives message {} of EVENTS for the last of its subject, though {} is there: the "
      "broker's store is damaged (ops/runbook.md, The log is damaged)",
      found, known);
}

}  // namespace

Result<void> SoundLog::may_append(std::span<const Append> messages) {
  if (auto ok = watch_.check_append(); !ok) {
    return ok;
  }
  for (const auto& message : messages) {
    if (!message.expected) {
      continue;
    }
    // The broker takes its own last message for the last, and may have lost the one after it.
    if (message.expected->last < heads_.remembered(message.expected->filter)) {
      return eventstore::fail(Error::Kind::conflict,
                              "a later message is known under " + message.expected->filter);
    }
  }
  return {};
}

void SoundLog::record(std::span<const Append> messages, Sequence last, Sequence known_before) {
  if (last <= known_before) {
    return watch_.record_short(last, known_before);
  }
  watch_.record_known(last, messages.back().payload);
  auto sequence = last - messages.size();
  for (const auto& message : messages) {
    heads_.record(message.subject, ++sequence);
  }
}

Result<Sequence> SoundLog::append(std::span<const Append> batch) {
  if (auto ok = may_append(batch); !ok) {
    return tl::unexpected(ok.error());
  }
  const auto known_before = watch_.last_known();
  auto last = log_.append(batch);
  if (last) {
    record(batch, *last, known_before);
  }
  return last;
}

std::vector<ChainEnd> SoundLog::append_chains(std::span<const Chain> chains) {
  std::vector<Chain> sound;
  std::vector<ChainEnd> ends;
  for (const auto& chain : chains) {
    const auto ok = may_append(chain);
    ends.push_back({0, 0, ok ? std::nullopt : std::optional(ok.error())});
    if (ok) {
      sound.push_back(chain);
    }
  }
  const auto known_before = watch_.last_known();
  auto appended = log_.append_chains(sound);
  auto next = appended.begin();
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i].error) {
      continue;
    }
    ends[i] = std::move(*next++);
    if (ends[i].stored > 0) {
      // Others' messages may stand before it: only its own place is known.
      record(chains[i].subspan(ends[i].stored - 1, 1), ends[i].last, known_before);
    }
  }
  return ends;
}

Result<void> SoundLog::explain_missing(Sequence known, Sequence found) {
  const auto end = log_.last_sequence();
  if (!end) {
    return tl::unexpected(end.error());
  }
  if (*end < known) {
    watch_.record_short(*end, known);
    return watch_.check();
  }
  const auto there = log_.load(known);
  if (!there) {
    return tl::unexpected(there.error());
  }
  auto lost = *there ? hidden_message(known, found)
                     : eventstore::lost_message(known, messages::events_stream,
                                                "this worker or the read models have seen it");
  watch_.record_lost(lost);
  return eventstore::fail(Error::Kind::damaged, std::move(lost));
}

Result<std::vector<Message>> SoundLog::load_last(std::span<const std::string> filters) {
  if (auto ok = watch_.check(); !ok) {
    return tl::unexpected(ok.error());
  }
  const auto known = heads_.of(filters);  // before the log is asked: it only grows
  auto found = log_.load_last(filters);
  if (!found) {
    return found;
  }
  std::unordered_map<std::string, Sequence> places;
  for (const auto& message : *found) {
    auto& place = places[filter_of(message.subject)];
    place = std::max(place, message.sequence);
  }
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const auto place = places.find(filters[i]);
    const auto last = place == places.end() ? 0 : place->second;
    if (last >= known[i]) {
      continue;
    }
    if (auto ok = explain_missing(known[i], last); !ok) {
      return tl::unexpected(ok.error());
    }
  }
  return found;
}

Result<std::vector<Message>> SoundLog::load_history(const std::string& filter) {
  if (auto ok = watch_.check(); !ok) {
    return tl::unexpected(ok.error());
  }
  const auto known = heads_.of(std::span(&filter, 1)).front();
  auto history = log_.load_history(filter);
  if (!history) {
    return history;
  }
  const auto last = history->empty() ? 0 : history->back().sequence;
  if (last >= known) {
    return history;
  }
  if (auto ok = explain_missing(known, last); !ok) {
    return tl::unexpected(ok.error());
  }
  return history;
}

Result<std::optional<Message>> SoundLog::load(Sequence sequence) {
  auto message = log_.load(sequence);
  if (message && *message) {
    watch_.record_known(sequence, (*message)->payload);
  }
  return message;
}

std::unique_ptr<eventstore::Follower> SoundLog::follow(Sequence after) {
  return std::make_unique<NotingFollower>(log_.follow(after), watch_, heads_);
}

}  // namespace vsim::workers
