#pragma once

// A bare client that does for one write what vsim cannot do without, one hop after the other: the
// command stored, its events stored, one statement, and the telling.

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/benchmark/floor_stores.h"

namespace vsim::bench {

/// One thread. Functions throw std::runtime_error when something is refused or not answered.
class FloorWriter {
 public:
  /// All outlive it. `number` is its own.
  FloorWriter(natsConnection& connection, SessionPool& sessions, const FloorStores& stores,
              std::size_t number);

  /// As a create: a command; a chain of the claim of an address and a server's first event, each on
  /// an empty subject; a row; the event to the inbox of the caller.
  void create();
  /// As an action on a server: a command; one event behind its last one; a row; the telling.
  void act();

 private:
  void send_command();
  void append_chain();
  void append_event();
  void tell();
  void publish(const std::string& subject, const std::string& reply_to, const std::string& body,
               const char* header, const std::string& value);
  /// The next answer under the inbox's `token`, but for acks of the flow.
  std::string await(const std::string& token);

  natsConnection& connection_;
  SessionPool& sessions_;
  const FloorStores& stores_;
  std::string inbox_;
  Subscription answers_;
  std::string key_;               // in subjects: nobody else's
  std::uint64_t count_ = 0;       // of writes
  std::uint64_t last_event_ = 0;  // the sequence of the last event on its server's subject
};

}  // namespace vsim::bench
