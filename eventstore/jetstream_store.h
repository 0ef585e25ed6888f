#pragma once

// The log on a JetStream stream. Atomic batches and chains have the wire forms of NATS ADR-50. Of a
// batch every message bears the batch's id and its place in it as headers, and the last one
// commits; of a chain ("fast ingest") the reply subject does.

#include <atomic>
#include <memory>
#include <string>

#include "eventstore/broker.h"
#include "eventstore/event_store.h"

namespace vsim::eventstore {

class ReplyCollectors;

class JetStreamStore : public EventStore {
 public:
  /// Both connections outlive the store. `broker` carries the batches, gathered in its buffer until
  /// the commit; `unbuffered` (send_at_once) carries chains, the reads with several answers, and
  /// the pulls.
  JetStreamStore(Broker& broker, Broker& unbuffered, std::string stream,
                 Retention retention = Retention::for_ever);
  ~JetStreamStore() override;

  Result<Sequence> append(std::span<const Append> batch) override;
  std::vector<ChainEnd> append_chains(std::span<const Chain> chains) override;
  Result<std::vector<Message>> load_last(std::span<const std::string> filters) override;
  Result<std::vector<Message>> load_history(const std::string& filter) override;
  Result<std::vector<Message>> load_page(const std::string& filter, Sequence from,
                                         std::size_t max) override;
  Result<std::vector<Message>> load_last_until(const std::string& filter, Sequence end) override;
  Result<std::optional<Message>> load_next(const std::string& filter, Sequence from) override;
  Result<std::optional<Message>> load(Sequence sequence) override;
  Result<Sequence> last_sequence() override;
  std::unique_ptr<Follower> follow(Sequence after) override;

 private:
  /// By one request each.
  Result<std::vector<Message>> load_last_apart(std::span<const std::string> filters);
  /// By one request for all.
  Result<std::vector<Message>> load_last_together(std::span<const std::string> filters);
  /// What a direct get with several answers gives. `broken_off`, where given, is set when the
  /// broker cannot read one of them, and so ends there.
  Result<std::vector<Message>> get_several(const std::string& request, bool* broken_off = nullptr);

  Broker& broker_;
  Broker& unbuffered_;
  std::string stream_;
  Retention retention_;
  std::string batch_prefix_;
  std::atomic<std::uint64_t> next_batch_{1};
  std::unique_ptr<ReplyCollectors> collectors_;
};

}  // namespace vsim::eventstore
