#include "ops/vsimctl/migrate/seed_log.h"

#include <chrono>
#include <random>
#include <span>

#include "ops/process/clock_of_log.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::vsimctl {
namespace {

using eventstore::Append;
using eventstore::Error;
using eventstore::Expectation;

// Appends the first event of a subject; that somebody else was first is as good.
eventstore::Result<void> append_first(eventstore::EventStore& store, const std::string& subject,
                                      std::string payload) {
  const Append first{.subject = subject,
                     .payload = std::move(payload),
                     .headers = {},
                     .expected = Expectation{subject, 0}};
  const auto appended = store.append(std::span(&first, 1));
  if (appended || appended.error().kind == Error::Kind::conflict) {
    return {};
  }
  return tl::unexpected(appended.error());
}

eventstore::Result<void> seed_clock(eventstore::EventStore& store, const ClockSettings& settings,
                                    Instant now) {
  const auto clock = process::load_clock(store);
  if (!clock) {
    return tl::unexpected(clock.error());
  }
  if (*clock) {
    auto wrong = contradiction((*clock)->time, settings.time_scale, settings.sim_seed);
    return wrong
               ? eventstore::Result<void>(eventstore::fail(Error::Kind::refused, std::move(*wrong)))
               : eventstore::Result<void>();
  }
  // 53 bits: a JSON number that every reader takes as it is.
  const auto seed = settings.sim_seed.value_or(std::random_device{}() & 0x1fffffffffffffULL);
  const ClockEvent started{.version = 1,
                           .at = now,
                           .cause = std::nullopt,
                           .origin = {"seed", {}},
                           .data = ClockStarted{settings.time_scale.value_or(1), seed}};
  return append_first(store, std::string(messages::clock_subject),
                      messages::encode(started, SimClock{}));
}

eventstore::Result<void> seed_pool(eventstore::EventStore& store, const Region& region,
                                   const std::vector<AddressRange>& ranges, Instant now) {
  const auto subject = messages::pool_events(region);
  const auto found = store.load_last(std::span(&subject, 1));
  if (!found) {
    return tl::unexpected(found.error());
  }
  if (!found->empty()) {
    return {};
  }
  const PoolEvent first{{.version = 1,
                         .at = now,
                         .cause = std::nullopt,
                         .origin = {"seed", {}},
                         .data = PoolExtended{ranges}},
                        region};
  return append_first(store, subject, messages::encode(first, evolve(Pool{}, first)));
}

}  // namespace

eventstore::Result<void> seed_log(eventstore::EventStore& store, const Catalogue& catalogue,
                                  Instant now, const ClockSettings& settings) {
  if (auto ok = seed_clock(store, settings, now); !ok) {
    return ok;
  }
  for (const auto& [region, ranges] : catalogue.regions) {
    if (auto ok = seed_pool(store, region, ranges, now); !ok) {
      return ok;
    }
  }
  return {};
}

}  // namespace vsim::vsimctl
