#pragma once

// Table `operator.outbox`: addresses that operators have added with psql, on their way to becoming
// pool commands. No read model: it is kept over rebuilds. D23

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "domain/instant.h"
#include "schema/read_model/database.h"

namespace vsim::read_model {

/// Addresses of one region without a gap: what one command asks for.
struct OutboxRange {
  CommandId command;
  std::string region;
  Ipv4 first;
  Ipv4 last;
  Instant inserted_at;  // of the oldest row, by the wall
};

/// A session of its own, opened when first needed and anew when broken. One thread.
class Outbox {
 public:
  explicit Outbox(std::string url);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Puts rows that belong to no command yet together into ranges, each with a command id of its
  /// own, for good: whoever publishes a range again after a crash publishes the same. Some
  /// thousands a call; many may call at once.
  DbResult<void> group();

  /// Ranges that wait to be published, the oldest first.
  DbResult<std::vector<OutboxRange>> list(std::size_t limit);

  /// The range has been published; or it never will be, and why.
  DbResult<void> mark_sent(const CommandId& command);
  DbResult<void> mark_refused(const CommandId& command, const std::string& reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vsim::read_model
