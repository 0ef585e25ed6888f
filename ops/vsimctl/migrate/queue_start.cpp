#include "ops/vsimctl/migrate/queue_start.h"

#include <algorithm>
#include <string>
#include <variant>

#include "domain/queue_numbers.h"
#include "ops/vsimctl/streams.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/journal_copy.h"
#include "schema/messages/subjects.h"

namespace vsim::vsimctl {

eventstore::Result<eventstore::Sequence> first_free_number(eventstore::Broker& broker) {
  eventstore::Sequence highest = 0;
  const auto count = [&](eventstore::Sequence sequence) {
    if (sequence < queue_numbers_counted) {
      highest = std::max(highest, sequence);
    }
  };
  const auto events =
      read_through(broker, std::string(messages::events_stream), [&](const auto& message) {
        const auto logged = messages::decode_event(message);
        const Cause* cause = logged ? messages::cause_of(*logged) : nullptr;
        if (cause != nullptr) {
          count(cause->sequence);
        }
        const auto* claim = logged ? std::get_if<AddressClaimed>(&*logged) : nullptr;
        if (claim != nullptr && claim->cause) {
          count(claim->cause->sequence);  // its create may get its outcome by that (D88)
        }
      });
  if (!events) {
    return tl::unexpected(events.error());
  }
  const auto journal =
      read_through(broker, std::string(messages::journal_stream),
                   [&](const auto& message) { count(messages::original_of(message).sequence); });
  if (!journal) {
    return tl::unexpected(journal.error());
  }
  return highest + 1;
}

}  // namespace vsim::vsimctl
