#include "workers/janitor/pool_outbox.h"

#include <set>
#include <thread>

#include "domain/pool.h"
#include "ops/telemetry/log.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/pool_codec.h"
#include "schema/messages/subjects.h"

namespace vsim::workers {
namespace {

using eventstore::Error;
using eventstore::PublishError;
using eventstore::Result;
using read_model::OutboxRange;
using namespace std::chrono_literals;

constexpr std::size_t ranges_at_once = 200;
constexpr int slot_tries_max = 50;
constexpr auto slot_pause = 5ms;  // a worker handles a pool command within a few of them

tl::unexpected<Error> unavailable(const read_model::DatabaseError& error) {
  return eventstore::fail(Error::Kind::unavailable, "Postgres: " + error.detail);
}

eventstore::Headers headers_of(const OutboxRange& range) {
  namespace header = messages::header;
  const auto id = range.command.to_string();
  return {{std::string(header::message_id), id},
          {std::string(header::command_id), id},
          {std::string(header::actor), "psql"}};
}

}  // namespace

PoolOutbox::PoolOutbox(read_model::Outbox& outbox, const eventstore::CommandPublisher& publisher,
                       const Catalogue& catalogue, telemetry::Metrics& metrics)
    : outbox_(outbox),
      publisher_(publisher),
      catalogue_(catalogue),
      sent_(metrics.counter("vsim_outbox_commands_total",
                            "Pool commands made of rows that were inserted into ip_pool")),
      refused_(metrics.counter("vsim_outbox_refused_total",
                               "Ranges of operator.outbox that no command can be made of")) {}

Result<std::optional<Instant>> PoolOutbox::look() {
  waiting_.clear();
  if (const auto grouped = outbox_.group(); !grouped) {
    return unavailable(grouped.error());
  }
  auto ranges = outbox_.list(ranges_at_once);
  if (!ranges) {
    return unavailable(ranges.error());
  }
  waiting_ = std::move(*ranges);
  if (waiting_.empty()) {
    return std::optional<Instant>();
  }
  return std::optional(waiting_.front().inserted_at);
}

Result<void> PoolOutbox::publish() {
  std::set<std::string> occupied;
  for (const auto& range : waiting_) {
    if (occupied.contains(range.region)) {
      continue;
    }
    const auto region = Region::parse(range.region);
    if (!region || !catalogue_.regions.contains(*region)) {
      if (auto ok = refuse(range, "there is no region " + range.region); !ok) {
        return ok;
      }
      continue;
    }
    // The table refuses such rows; these were inserted before it did.
    if (const auto why = unusable({range.first, range.last})) {
      if (auto ok = refuse(range, *why); !ok) {
        return ok;
      }
      continue;
    }
    const auto published = publish(range);
    if (!published) {
      return tl::unexpected(published.error());
    }
    if (!*published) {
      occupied.insert(range.region);
    }
  }
  return {};
}

Result<bool> PoolOutbox::publish(const OutboxRange& range) {
  const auto subject = messages::pool_command({range.region});
  const auto payload = messages::encode_extend_pool({{range.first, range.last}});
  for (int attempt = 0; attempt < slot_tries_max; ++attempt) {
    const auto accepted = publisher_.publish(subject, payload, headers_of(range));
    if (accepted) {
      if (const auto ok = outbox_.mark_sent(range.command); !ok) {
        return unavailable(ok.error());
      }
      sent_.add();
      log::info("addresses from ip_pool are on their way",
                {{"operation_id", range.command.to_string()},
                 {"region", range.region},
                 {"first", range.first.to_string()},
                 {"last", range.last.to_string()}});
      return true;
    }
    if (accepted.error().kind != PublishError::Kind::slot_taken) {
      return eventstore::fail(Error::Kind::unavailable, accepted.error().detail);
    }
    std::this_thread::sleep_for(slot_pause);
  }
  return false;
}

Result<void> PoolOutbox::refuse(const OutboxRange& range, const std::string& reason) {
  if (const auto ok = outbox_.mark_refused(range.command, reason); !ok) {
    return unavailable(ok.error());
  }
  refused_.add();
  log::error("addresses of operator.outbox are refused",
             {{"region", range.region}, {"reason", reason}});
  return {};
}

}  // namespace vsim::workers
