#include "eventstore/ack_memory.h"

#include "eventstore/broker_facts.h"

namespace vsim::eventstore {

AckMemory::AckMemory(const Broker& broker, std::string stream)
    : broker_(broker), stream_(std::move(stream)), reconnects_seen_(broker.reconnects()) {}

void AckMemory::say(const std::string& reply_to, std::string word, Timestamp stored_at) {
  if (broker_.reconnects() == reconnects_seen_) {
    broker_.publish(reply_to, word);
  }
  said_.push_back({reply_to, std::move(word), stored_at});
  if (said_.size() > acks_remembered_max) {
    said_.pop_front();
  }
}

void AckMemory::keep_up() {
  const auto reconnects = broker_.reconnects();
  if (reconnects == reconnects_seen_ && !stream_created_.empty()) {
    return;
  }
  auto facts = stream_facts(broker_, stream_);
  if (!facts) {
    return;  // the connection is young, or gone again: the next look tries
  }
  if (facts->created != stream_created_) {
    said_.clear();
  }
  stream_created_ = std::move(facts->created);
  const auto oldest = facts->answered_at - facts->oldest_age;
  for (const auto& [reply_to, word, stored_at] : said_) {
    if (facts->messages > 0 && stored_at >= oldest) {
      broker_.publish(reply_to, word);
    }
  }
  broker_.flush();
  reconnects_seen_ = reconnects;
}

}  // namespace vsim::eventstore
