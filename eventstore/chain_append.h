#pragma once

// Chains on the wire: the broker's "fast ingest" of NATS ADR-50, in the gap mode `fail`. The stream
// needs `allow_batched`. A chain of one message is a plain publish.

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "eventstore/event_store.h"
#include "eventstore/reply_collector.h"

namespace vsim::eventstore {

/// Sends chains and gathers the answers. For one call of append_chains().
class ChainAppend {
 public:
  /// Gives the id of the next chain, at most 64 characters without a dot, which no other has.
  using NewId = std::function<std::string()>;

  /// Broker and collector outlive it; the collector's inbox is on the same connection.
  ChainAppend(Broker& broker, ReplyCollector& collector, std::span<const Chain> chains);

  /// The ends of the chains, in their order. Blocks until all have ended, the connection is lost or
  /// `wait` is over: a chain without an end by then is `unknown`.
  std::vector<ChainEnd> run(const NewId& new_id, std::chrono::milliseconds wait);

 private:
  /// A chain on its way.
  struct Open {
    std::size_t size = 0;
    bool ended = false;
    std::optional<Error> refused;  // why a message was not taken; its end is still to come
    ChainEnd end;
  };

  void send(std::size_t index, const NewId& new_id);
  void read(const Received& reply);
  void read_lone(Open& chain, const Received& reply);
  void read_answer(Open& chain, const Received& reply);
  void end(Open& chain, ChainEnd end);

  Broker& broker_;
  ReplyCollector& collector_;
  std::span<const Chain> chains_;
  std::vector<Open> open_;
  std::size_t ended_ = 0;
};

}  // namespace vsim::eventstore
