#include "tests/simulation/broker_streams.h"

#include <algorithm>

#include <fmt/format.h>

#include "domain/decimal.h"
#include "eventstore/memory_store.h"

namespace vsim::simulation {

namespace api_error = eventstore::api_error;
using eventstore::ApiError;

eventstore::Message message_of(const Stored& stored) {
  return {.subject = stored.subject,
          .sequence = stored.sequence,
          .stored_at = eventstore::Timestamp(stored.at + epoch),
          .headers = stored.headers,
          .payload = stored.payload};
}

namespace {

/// How much of it is no wildcard.
std::size_t literal_size(std::string_view filter) {
  std::size_t size = 0;
  while (size < filter.size() && filter[size] != '*' && filter[size] != '>') {
    ++size;
  }
  return size;
}

bool has_wildcard(std::string_view filter) { return literal_size(filter) < filter.size(); }

}  // namespace

bool matches(std::string_view filter, std::string_view subject) {
  const auto literal = literal_size(filter);
  return literal == filter.size() ? filter == subject
                                  : subject.starts_with(filter.substr(0, literal)) &&
                                        eventstore::subject_matches(filter, subject);
}

bool Stream::takes(std::string_view subject) const {
  return !deleted && std::any_of(subjects.begin(), subjects.end(), [&](const std::string& filter) {
    return matches(filter, subject);
  });
}

std::optional<ApiError> Stream::refusal(const Incoming& message) const {
  if (size_max > 0 && message.payload.size() > size_max) {
    return ApiError{10054, "message size exceeds maximum allowed"};
  }
  const auto expected = find_header(message.headers, "Nats-Expected-Last-Subject-Sequence");
  if (!expected.empty()) {
    auto filter = find_header(message.headers, "Nats-Expected-Last-Subject-Sequence-Subject");
    filter = filter.empty() ? std::string_view(message.subject) : filter;
    const auto* last = last_of(filter);
    const auto found = last == nullptr ? 0 : last->sequence;
    if (found != read_decimal(expected)) {
      return ApiError{api_error::wrong_last_sequence,
                      "wrong last sequence: " + std::to_string(found)};
    }
  }
  if (one_per_subject && last_of(message.subject) != nullptr) {
    return ApiError{api_error::stream_store_failed, "maximum messages per subject exceeded"};
  }
  return std::nullopt;
}

std::optional<Sequence> Stream::known_id(const Headers& headers, Time now) const {
  const auto id = find_header(headers, "Nats-Msg-Id");
  if (id.empty()) {
    return std::nullopt;
  }
  const auto known = ids_.find(std::string(id));
  if (known == ids_.end() || now - known->second.second > id_window) {
    return std::nullopt;
  }
  return known->second.first;
}

StoreResult Stream::store(const Incoming& message, Time now) {
  if (const auto known = known_id(message.headers, now)) {
    return {*known, true, std::nullopt};
  }
  if (auto error = refusal(message)) {
    return {0, false, std::move(error)};
  }
  put(message, now);
  return {last_, false, std::nullopt};
}

StoreResult Stream::store_batch(const std::vector<Incoming>& batch, Time now) {
  std::set<std::string> subjects_before;
  for (const auto& message : batch) {
    if (known_id(message.headers, now)) {
      return {0, false, ApiError{api_error::duplicate_in_batch, "duplicate message id in batch"}};
    }
    if (auto error = refusal(message)) {
      return {0, false, std::move(error)};
    }
    const auto expected = find_header(message.headers, "Nats-Expected-Last-Subject-Sequence");
    if (!subjects_before.insert(message.subject).second && !expected.empty()) {
      return {0, false, ApiError{api_error::wrong_last_sequence_bare, "wrong last sequence"}};
    }
  }
  for (const auto& message : batch) {
    put(message, now);
  }
  return {last_, false, std::nullopt};
}

void Stream::put(const Incoming& message, Time now) {
  ++last_;
  messages_.emplace_hint(messages_.end(), last_,
                         Stored{last_, message.subject, message.headers, message.payload, now});
  by_subject_[message.subject].insert(last_);
  if (const auto id = find_header(message.headers, "Nats-Msg-Id"); !id.empty()) {
    ids_[std::string(id)] = {last_, now};
  }
}

const Stored* Stream::find(Sequence sequence) const {
  const auto found = messages_.find(sequence);
  return found == messages_.end() ? nullptr : &found->second;
}

std::vector<std::string> Stream::subjects_of(std::string_view filter) const {
  std::vector<std::string> found;
  if (!has_wildcard(filter)) {
    if (by_subject_.contains(filter)) {
      found.emplace_back(filter);
    }
    return found;
  }
  for (const auto& [subject, sequences] : by_subject_) {
    if (matches(filter, subject)) {
      found.push_back(subject);
    }
  }
  return found;
}

const Stored* Stream::last_of(std::string_view filter) const {
  if (!has_wildcard(filter)) {
    const auto places = by_subject_.find(filter);
    return places == by_subject_.end() ? nullptr : find(*places->second.rbegin());
  }
  Sequence last = 0;
  for (const auto& [subject, places] : by_subject_) {
    if (matches(filter, subject)) {
      last = std::max(last, *places.rbegin());
    }
  }
  return last == 0 ? nullptr : find(last);
}

const Stored* Stream::next_of(std::string_view filter, Sequence from) const {
  if (filter.empty() || filter == ">") {
    const auto next = messages_.lower_bound(from);
    return next == messages_.end() ? nullptr : &next->second;
  }
  if (!has_wildcard(filter)) {
    const auto places = by_subject_.find(filter);
    if (places == by_subject_.end()) {
      return nullptr;
    }
    const auto place = places->second.lower_bound(from);
    return place == places->second.end() ? nullptr : find(*place);
  }
  // Streams of a run are short, and most of a stream is what its readers ask for.
  for (auto next = messages_.lower_bound(from); next != messages_.end(); ++next) {
    if (matches(filter, next->second.subject)) {
      return &next->second;
    }
  }
  return nullptr;
}

void Stream::remove(Sequence sequence) {
  const auto found = messages_.find(sequence);
  if (found == messages_.end()) {
    return;
  }
  const auto places = by_subject_.find(found->second.subject);
  places->second.erase(sequence);
  if (places->second.empty()) {
    by_subject_.erase(places);
  }
  messages_.erase(found);
}

void Stream::restore(const Stored& message) {
  messages_[message.sequence] = message;
  by_subject_[message.subject].insert(message.sequence);
}

void Stream::cut_tail(std::size_t count) {
  while (count-- > 0 && !messages_.empty()) {
    const auto last = messages_.rbegin()->first;
    remove(last);
    last_ = last - 1;
  }
  std::erase_if(ids_, [this](const auto& id) { return id.second.first > last_; });
}

void Stream::erase() {
  messages_.clear();
  by_subject_.clear();
  ids_.clear();
  deleted = true;
}

void Stream::begin_anew(Sequence first, Time now) {
  last_ = first - 1;
  created = now;
  deleted = false;
}

void Stream::forget_ids() {
  std::erase_if(ids_, [this](const auto& id) { return !messages_.contains(id.second.first); });
}

}  // namespace vsim::simulation
