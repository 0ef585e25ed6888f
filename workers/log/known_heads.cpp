#include "workers/log/known_heads.h"

#include <algorithm>
#include <optional>

#include "domain/ids.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {
namespace {

constexpr std::size_t servers_in_a_generation = 50'000;

// Of a subject or a filter over all regions.
std::optional<ServerId> server_of(std::string_view filter) {
  if (!filter.starts_with(messages::server_event_prefix)) {
    return std::nullopt;
  }
  const auto id = Uuid::parse(filter.substr(filter.rfind('.') + 1));
  return id ? std::optional(ServerId{*id}) : std::nullopt;
}

// Claims of addresses are many, and the pools know the last of each.
bool is_counted(std::string_view subject) { return !subject.starts_with(messages::address_prefix); }

}  // namespace

StreamSequence* KnownHeads::find(const ServerId& server) const {
  if (const auto found = servers_.find(server); found != servers_.end()) {
    return &found->second;
  }
  const auto found = servers_before_.find(server);
  return found == servers_before_.end() ? nullptr : &found->second;
}

void KnownHeads::raise(const ServerId& server, StreamSequence sequence) {
  if (auto* known = find(server)) {
    *known = std::max(*known, sequence);
    return;
  }
  if (servers_.size() >= servers_in_a_generation) {
    servers_before_ = std::move(servers_);
    servers_ = {};
  }
  servers_.emplace(server, sequence);
}

void KnownHeads::record(std::string_view subject, StreamSequence sequence) {
  if (!is_counted(subject)) {
    return;
  }
  const auto server = server_of(subject);
  const std::lock_guard lock(mutex_);
  if (server) {
    return raise(*server, sequence);
  }
  auto& known = others_[std::string(subject)];
  known = std::max(known, sequence);
}

void KnownHeads::record(const read_model::LogMarks& marks) {
  if (marks.clock > 0) {
    record(messages::clock_subject, marks.clock);
  }
  for (const auto& [region, sequence] : marks.billing) {
    record(messages::billing_events(Region{region}), sequence);
  }
}

void KnownHeads::ask_models(std::span<const ServerId> servers) {
  if (servers.empty() || !models_answer_) {
    return;
  }
  const auto newest = read_newest_(servers);
  if (!newest) {
    models_answer_ = false;  // until LogWatch has had an answer
    return;
  }
  const std::lock_guard lock(mutex_);
  for (const auto& server : servers) {
    const auto found = newest->find(server);
    raise(server, found == newest->end() ? 0 : found->second);
  }
}

std::vector<StreamSequence> KnownHeads::of(std::span<const std::string> filters) {
  std::vector<ServerId> strangers;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& filter : filters) {
      const auto server = server_of(filter);
      if (server && find(*server) == nullptr) {
        strangers.push_back(*server);
      }
    }
  }
  ask_models(strangers);
  std::vector<StreamSequence> places;
  for (const auto& filter : filters) {
    places.push_back(remembered(filter));
  }
  return places;
}

StreamSequence KnownHeads::remembered(std::string_view filter) const {
  const auto server = server_of(filter);
  const std::lock_guard lock(mutex_);
  if (server) {
    const auto* known = find(*server);
    return known == nullptr ? 0 : *known;
  }
  const auto found = others_.find(std::string(filter));
  return found == others_.end() ? 0 : found->second;
}

void KnownHeads::forget() {
  const std::lock_guard lock(mutex_);
  servers_.clear();
  servers_before_.clear();
  others_.clear();
}

}  // namespace vsim::workers
