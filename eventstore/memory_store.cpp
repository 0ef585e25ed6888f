#include "eventstore/memory_store.h"

#include <algorithm>
#include <cassert>
#include <set>

namespace vsim::eventstore {

bool subject_matches(std::string_view filter, std::string_view subject) {
  while (!filter.empty() && !subject.empty()) {
    const auto wanted = filter.substr(0, filter.find('.'));
    const auto found = subject.substr(0, subject.find('.'));
    if (wanted == ">") {
      return true;
    }
    if (wanted != "*" && wanted != found) {
      return false;
    }
    filter.remove_prefix(std::min(wanted.size() + 1, filter.size()));
    subject.remove_prefix(std::min(found.size() + 1, subject.size()));
  }
  return filter.empty() && subject.empty();
}

class MemoryFollower : public Follower {
 public:
  MemoryFollower(MemoryStore& store, Sequence after) : store_(store), position_(after) {}

  Result<std::vector<Message>> next(std::size_t max, std::chrono::milliseconds wait) override {
    std::unique_lock lock(store_.mutex_);
    store_.grown_.wait_for(lock, wait, [this] { return store_.log_.size() > position_; });
    std::vector<Message> messages;
    while (messages.size() < max && position_ < store_.log_.size()) {
      messages.push_back(store_.log_[position_++]);
    }
    return messages;
  }

 private:
  MemoryStore& store_;
  Sequence position_;
};

MemoryStore::MemoryStore(Faults faults) : faults_(faults), random_(faults.seed) {}

bool MemoryStore::happens(double chance) {
  return chance > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < chance;
}

bool MemoryStore::holds(std::span<const Append> batch) const {
  for (const auto& append : batch) {
    if (!append.expected) {
      continue;
    }
    const auto last = std::find_if(log_.rbegin(), log_.rend(), [&](const Message& message) {
      return subject_matches(append.expected->filter, message.subject);
    });
    if ((last == log_.rend() ? 0 : last->sequence) != append.expected->last) {
      return false;
    }
  }
  return true;
}

Result<Sequence> MemoryStore::append(std::span<const Append> batch) {
  assert(!batch.empty() && batch.size() <= batch_messages_max);
  std::function<void()> interleaved;
  {
    const std::lock_guard lock(mutex_);
    std::swap(interleaved, interleaved_);
  }
  if (interleaved) {
    interleaved();
  }

  const std::lock_guard lock(mutex_);
  if (happens(faults_.unavailable)) {
    return fail(Error::Kind::unavailable, "injected");
  }
  if (happens(faults_.lost_request)) {
    return fail(Error::Kind::unknown, "injected");
  }
  if (!holds(batch)) {
    ++conflicts_;
    return fail(Error::Kind::conflict, "wrong last sequence");
  }
  const auto now = std::chrono::system_clock::now();
  for (const auto& append : batch) {
    log_.push_back({.subject = append.subject,
                    .sequence = log_.size() + 1,
                    .stored_at = Timestamp(now),
                    .headers = append.headers,
                    .payload = append.payload});
  }
  ++appends_;
  grown_.notify_all();
  if (happens(faults_.lost_answer)) {
    return fail(Error::Kind::unknown, "injected");
  }
  return log_.size();
}

void MemoryStore::restore(Message message) {
  const std::lock_guard lock(mutex_);
  assert(message.sequence == log_.size() + 1);
  log_.push_back(std::move(message));
  grown_.notify_all();
}

ChainEnd MemoryStore::append_chain(Chain chain) {
  assert(!chain.empty() && chain.size() <= chain_messages_max);
  ChainEnd end;
  for (const auto& message : chain) {
    const auto stored = append(std::span(&message, 1));
    if (!stored) {
      // Without its answer nobody knows how far the chain has come.
      const bool unknown = stored.error().kind == Error::Kind::unknown;
      return unknown ? ChainEnd{0, 0, stored.error()}
                     : ChainEnd{end.stored, end.last, stored.error()};
    }
    ++end.stored;
    end.last = *stored;
  }
  return end;
}

std::vector<ChainEnd> MemoryStore::append_chains(std::span<const Chain> chains) {
  std::vector<ChainEnd> ends;
  for (const auto& chain : chains) {
    ends.push_back(append_chain(chain));
  }
  return ends;
}

Result<std::vector<Message>> MemoryStore::load_last(std::span<const std::string> filters) {
  const std::lock_guard lock(mutex_);
  std::set<std::string_view> seen;
  std::vector<Message> found;
  for (auto message = log_.rbegin(); message != log_.rend(); ++message) {
    const bool wanted = std::any_of(filters.begin(), filters.end(), [&](const auto& filter) {
      return subject_matches(filter, message->subject);
    });
    if (wanted && seen.insert(message->subject).second) {
      found.push_back(*message);
    }
  }
  return found;
}

Result<std::vector<Message>> MemoryStore::load_history(const std::string& filter) {
  const std::lock_guard lock(mutex_);
  std::vector<Message> history;
  for (const auto& message : log_) {
    if (subject_matches(filter, message.subject)) {
      history.push_back(message);
    }
  }
  return history;
}

Result<std::optional<Message>> MemoryStore::load_next(const std::string& filter, Sequence from) {
  const std::lock_guard lock(mutex_);
  for (const auto& message : log_) {
    if (message.sequence >= from && subject_matches(filter, message.subject)) {
      return std::optional<Message>(message);
    }
  }
  return std::optional<Message>();
}

Result<std::optional<Message>> MemoryStore::load(Sequence sequence) {
  const std::lock_guard lock(mutex_);
  if (sequence == 0 || sequence > log_.size()) {
    return std::optional<Message>();
  }
  return std::optional<Message>(log_[sequence - 1]);
}

Result<Sequence> MemoryStore::last_sequence() {
  const std::lock_guard lock(mutex_);
  return log_.size();
}

std::unique_ptr<Follower> MemoryStore::follow(Sequence after) {
  return std::make_unique<MemoryFollower>(*this, after);
}

void MemoryStore::before_next_append(std::function<void()> interleaved) {
  const std::lock_guard lock(mutex_);
  interleaved_ = std::move(interleaved);
}

std::size_t MemoryStore::appends() const {
  const std::lock_guard lock(mutex_);
  return appends_;
}

std::size_t MemoryStore::conflicts() const {
  const std::lock_guard lock(mutex_);
  return conflicts_;
}

}  // namespace vsim::eventstore
