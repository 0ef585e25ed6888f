#pragma once

// What the simulated broker stores: streams and their messages, with the rules of nats-server 2.15
// that vsim relies on (README.md beside this lists them). No time passes in here.

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "eventstore/api_reply.h"
#include "eventstore/message.h"
#include "tests/simulation/machine.h"

namespace vsim::simulation {

using eventstore::Header;
using eventstore::Headers;
using eventstore::Sequence;

struct Stored {
  Sequence sequence = 0;
  std::string subject;
  Headers headers;
  std::string payload;
  Time at{};
};

/// As clients read it.
eventstore::Message message_of(const Stored& stored);

/// A message that is to be stored.
struct Incoming {
  std::string subject;
  Headers headers;
  std::string payload;
};

/// What becomes of it.
struct StoreResult {
  Sequence sequence = 0;
  bool duplicate = false;
  std::optional<eventstore::ApiError> error;
};

bool matches(std::string_view filter, std::string_view subject);

class Stream {
 public:
  std::string name;
  std::vector<std::string> subjects;
  bool work_queue = false;
  bool one_per_subject = false;
  bool unsynced = false;  // persist_mode async
  bool deny_purge = false;
  bool deleted = false;
  std::size_t size_max = 0;
  Time id_window{0};
  Time created{0};

  bool takes(std::string_view subject) const;
  StoreResult store(const Incoming& message, Time now);
  /// All or nothing.
  StoreResult store_batch(const std::vector<Incoming>& batch, Time now);
  /// Why it would not be stored.
  std::optional<eventstore::ApiError> refusal(const Incoming& message) const;

  const Stored* find(Sequence sequence) const;
  const Stored* last_of(std::string_view filter) const;
  const Stored* next_of(std::string_view filter, Sequence from) const;
  /// The subjects that match.
  std::vector<std::string> subjects_of(std::string_view filter) const;
  void remove(Sequence sequence);
  /// Puts one back that had been removed.
  void restore(const Stored& message);
  /// Forgets the last ones, as if they had never been.
  void cut_tail(std::size_t count);
  /// Nothing of it is left, until it begins anew.
  void erase();
  void begin_anew(Sequence first, Time now);
  /// What a restart remembers of message ids: those of stored messages.
  void forget_ids();

  const std::map<Sequence, Stored>& messages() const { return messages_; }
  Sequence last() const { return last_; }
  Sequence first() const { return messages_.empty() ? last_ + 1 : messages_.begin()->first; }

 private:
  void put(const Incoming& message, Time now);
  std::optional<Sequence> known_id(const Headers& headers, Time now) const;

  std::map<Sequence, Stored> messages_;
  std::map<std::string, std::set<Sequence>, std::less<>> by_subject_;
  std::unordered_map<std::string, std::pair<Sequence, Time>> ids_;
  Sequence last_ = 0;
};

}  // namespace vsim::simulation
