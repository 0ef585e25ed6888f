// Goal: what a stretch of events amounts to in rows, without a database. Method: events made by
// hand, the batch's contents compared.

#include "schema/read_model/projection_batch.h"

#include <doctest/doctest.h>

#include "schema/read_model/column_arrays.h"

using namespace vsim;
using namespace vsim::read_model;

namespace {

const Region region{"us-east-1"};

ServerId server_number(std::uint8_t number) {
  ServerId id;
  id.uuid.bytes[15] = number;
  return id;
}

Instant at(int seconds) { return Instant{std::chrono::seconds(1'790'000'000 + seconds)}; }

Blueprint blueprint() {
  Blueprint wanted;
  wanted.account = "default";
  wanted.name = "web";
  wanted.instance_type = "t2.micro";
  wanted.profile = "standard";
  wanted.tags = {{"a", "\"quoted\""}, {"b", ""}};
  wanted.ip = {0xC0A80A05};
  wanted.terms.hourly_rate = {100};
  wanted.terms.idle_timeout = std::chrono::minutes(30);
  wanted.terms.billing.billable[static_cast<std::size_t>(Status::running)] = true;
  wanted.terms.billing.billable[static_cast<std::size_t>(Status::rebooting)] = true;
  wanted.terms.billing.granularity = std::chrono::seconds(1);
  wanted.terms.billing.minimum = std::chrono::seconds(60);
  return wanted;
}

// Feeds one server's events into a batch.
struct Life {
  ProjectionBatch& batch;
  ServerId id = server_number(1);
  State state = {};
  StreamSequence sequence = 10;

  void live(EventData data, bool by_command = false) {
    Event event{{state.version + 1,
                 at(static_cast<int>(state.version)),
                 std::nullopt,
                 {"api", "request"},
                 std::move(data)},
                id,
                region};
    if (by_command) {
      event.cause = Cause{CommandId{server_number(100).uuid}, 7, "hash", "stop"};
    }
    state = evolve(std::move(state), event);
    batch.add(event, state, ++sequence);
  }
};

std::int64_t count(const ProjectionBatch& batch, const char* status) {
  return batch.counts.at({"us-east-1", "t2.micro", status, "default"});
}

}  // namespace

TEST_CASE("counts are net, and every status passed through is there") {
  ProjectionBatch batch;
  Life life{batch};
  life.live(ServerProvisioning{blueprint(), at(5)}, true);
  CHECK(count(batch, "PENDING") == 1);
  life.live(ServerStarted{Status::pending});
  CHECK(count(batch, "PENDING") == 0);
  CHECK(count(batch, "RUNNING") == 1);
  life.live(ServerRebooting{Status::running, at(9)});
  life.live(ServerRebooted{Status::rebooting});
  life.live(ServerStopping{Status::running, at(9)});
  life.live(ServerStopped{Status::stopping});
  life.live(ServerStarting{Status::stopped, at(9)});
  life.live(ServerStarted{Status::pending});
  life.live(CommandRejected{{RejectionCode::invalid_transition, "no"}}, true);
  life.live(ServerTerminating{Status::running, at(9)});
  life.live(ServerTerminated{Status::terminating, TerminationReason::user});
  CHECK(batch.counts.size() == 7);
  std::int64_t total = 0;
  for (const auto& [key, change] : batch.counts) {
    total += change;
  }
  CHECK(total == 1);
  CHECK(count(batch, "TERMINATED") == 1);
  Life{batch, server_number(2)}.live(ServerProvisioned{blueprint()});
  CHECK(count(batch, "RUNNING") == 1);
  CHECK(batch.events.size() == 12);
  CHECK(batch.servers.size() == 2);
}

TEST_CASE("a subject of outcomes only has no server, but a log and an operation") {
  ProjectionBatch batch;
  Life{batch}.live(CommandRejected{{RejectionCode::no_free_address, "all taken"}}, true);
  CHECK(batch.servers.empty());
  CHECK(batch.counts.empty());
  CHECK(batch.events.size() == 1);
  REQUIRE(batch.operations.size() == 1);
  const auto& operation = batch.operations.begin()->second;
  CHECK(operation.status == "REJECTED");
  CHECK(operation.code == "no_free_address");
  CHECK(operation.detail == "all taken");
  CHECK(operation.command_sequence == 7);
  CHECK(operation.event_sequence == 11);
}

TEST_CASE("every outcome has its operation's status, and the type that was asked for") {
  const auto status_after = [](EventData data) {
    ProjectionBatch batch;
    Life{batch}.live(std::move(data), true);
    const auto& operation = batch.operations.begin()->second;
    return operation.type + " " + operation.status + " " + operation.detail;
  };
  CHECK(status_after(ServerProvisioning{blueprint(), at(5)}) == "stop SUCCEEDED ");
  CHECK(status_after(ServerStopping{Status::running, at(5)}) == "stop SUCCEEDED ");
  CHECK(status_after(ServerTerminated{Status::running, TerminationReason::user}) ==
        "stop SUCCEEDED ");
  const Rejection rejection{RejectionCode::not_found, "no such server"};
  CHECK(status_after(CommandRejected{rejection}) == "stop REJECTED no such server");
  CHECK(status_after(CommandPurged{}) == "stop PURGED ");
  CHECK(status_after(CommandDeadLettered{"five times"}) == "stop DEAD_LETTERED five times");
}

TEST_CASE("an address is its last claimant's, until that is terminated") {
  ProjectionBatch batch;
  const auto address = std::pair(region, blueprint().ip);
  batch.add(AddressClaimed{region, blueprint().ip, server_number(1), at(0)}, 10);
  Life first{batch};
  first.live(ServerProvisioned{blueprint()});
  CHECK(batch.addresses.at(address).holder == server_number(1));
  first.live(ServerTerminated{Status::running, TerminationReason::idle_timeout});
  CHECK_FALSE(batch.addresses.at(address).holder);
  CHECK(batch.addresses.at(address).last_claim == 10);
  batch.add(AddressClaimed{region, blueprint().ip, server_number(2), at(9)}, 20);
  CHECK(batch.addresses.at(address).holder == server_number(2));
  CHECK(batch.addresses.at(address).last_claim == 20);
}

TEST_CASE("a pool's growth is a range and an operation") {
  ProjectionBatch batch;
  PoolEvent extension;
  extension.region = region;
  extension.version = 3;
  extension.at = at(1);
  extension.data = PoolExtended{{{{1}, {5}}, {{9}, {9}}}};
  batch.add(extension, 5);
  CHECK(batch.operations.empty());
  CHECK(batch.pool_ranges.size() == 2);
  extension.cause = Cause{CommandId{server_number(9).uuid}, 4, "hash", "extend_pool"};
  batch.add(extension, 6);
  const auto& operation = batch.operations.begin()->second;
  CHECK(operation.type == "extend_pool");
  CHECK(operation.server_id.empty());
  CHECK(operation.version == 3);
}

TEST_CASE("a period that begins in the stretch is a row of its own, ended in it or not") {
  ProjectionBatch batch;
  Life life{batch};
  life.live(ServerProvisioning{blueprint(), at(5)}, true);
  CHECK(batch.periods_begun.empty());
  life.live(ServerStarted{Status::pending});  // at 1
  REQUIRE(batch.periods_begun.size() == 1);
  const auto first = batch.periods_begun[0];
  CHECK(first.server == life.id);
  CHECK(first.version == 2);
  CHECK(first.region == "us-east-1");
  CHECK(first.type == "t2.micro");
  CHECK(first.rate == HourlyRate{100});
  CHECK(first.policy == blueprint().terms.billing);
  CHECK(first.began == at(1));
  CHECK_FALSE(first.end);
  life.live(CommandRejected{{RejectionCode::invalid_transition, "no"}}, true);
  life.live(ServerRebooting{Status::running, at(9)});
  life.live(ServerRebooted{Status::rebooting});
  CHECK(batch.periods_begun.size() == 1);  // a reboot is billed too, and so is one period
  CHECK_FALSE(batch.periods_begun[0].end);
  life.live(ServerStopping{Status::running, at(9)});  // at 5
  REQUIRE(batch.periods_begun[0].end);
  CHECK(batch.periods_begun[0].end->at == at(5));
  CHECK(batch.periods_begun[0].end->settled == std::chrono::seconds(60));
  life.live(ServerStopped{Status::stopping});
  life.live(ServerStarted{Status::stopped});  // at 7
  REQUIRE(batch.periods_begun.size() == 2);
  CHECK(batch.periods_begun[1].began == at(7));
  CHECK(batch.periods_begun[1].settled_before == std::chrono::seconds(60));
  CHECK(batch.periods_ended.empty());
}

TEST_CASE("a period that began before the stretch is ended by its server") {
  ProjectionBatch earlier;
  Life life{earlier};
  life.live(ServerProvisioned{blueprint()});
  ProjectionBatch batch;
  Life later{batch, life.id, life.state};
  later.live(ServerStopping{Status::running, at(9)});  // at 1
  CHECK(batch.periods_begun.empty());
  REQUIRE(batch.periods_ended.size() == 1);
  CHECK(batch.periods_ended.at(life.id).at == at(1));
  CHECK(batch.periods_ended.at(life.id).settled == std::chrono::seconds(60));
  // Another begins and ends behind it: that one is whole in this stretch.
  later.live(ServerStopped{Status::stopping});
  later.live(ServerStarted{Status::stopped});
  later.live(ServerTerminated{Status::running, TerminationReason::user});
  CHECK(batch.periods_ended.at(life.id).at == at(1));
  REQUIRE(batch.periods_begun.size() == 1);
  CHECK(batch.periods_begun[0].end->settled == std::chrono::seconds(120));
}

TEST_CASE("of the clock and of each region's watermarks the last word counts") {
  ProjectionBatch batch;
  messages::ClockLogged clock;
  for (Version version = 1; version <= 3; ++version) {
    clock.event.version = clock.state.version = version;
    clock.state.deadlines_applied_through = at(static_cast<int>(version));
    batch.add(clock, version);
    batch.add(BillingWatermark{region, version, at(static_cast<int>(version))}, 10 + version);
  }
  batch.add(BillingWatermark{{"eu-west-1"}, 9, at(9)}, 20);
  REQUIRE(batch.clock);
  CHECK(batch.clock->clock == clock.state);
  CHECK(batch.clock->sequence == 3);
  CHECK(batch.watermarks.size() == 2);
  CHECK(batch.watermarks.at(region).first.through == at(3));
  CHECK(batch.watermarks.at(region).second == 13);
  CHECK(batch.operations.empty());
}

TEST_CASE("a server's row says what its state does") {
  ProjectionBatch batch;
  Life life{batch};
  life.live(ServerProvisioning{blueprint(), at(5)}, true);
  auto row = server_row(life.id, life.state);
  CHECK(row.id == "00000000-0000-0000-0000-000000000001");
  CHECK(row.tags_json == R"({"a":"\"quoted\"","b":""})");
  CHECK(row.status == "PENDING");
  CHECK(row.ip == "192.168.10.5");
  CHECK(row.due == at(5));
  CHECK_FALSE(row.last_started_at);
  CHECK(row.created_at == at(0));
  life.live(ServerStarted{Status::pending});
  row = server_row(life.id, life.state);
  CHECK(row.last_started_at == at(1));
  CHECK_FALSE(row.due);
  CHECK(row.version == 2);
  CHECK(row.updated_at == at(1));
  life.live(ServerTerminated{Status::running, TerminationReason::idle_timeout});
  CHECK(server_row(life.id, life.state).termination_reason == "idle_timeout");
}

TEST_CASE("every event has a sentence for a person") {
  const auto sentence = [](EventData data) {
    ProjectionBatch batch;
    Life life{batch};
    life.state.server.emplace();
    life.state.server->blueprint = blueprint();
    life.live(std::move(data));
    return batch.events[0].second.message;
  };
  const auto due = at(0) + std::chrono::milliseconds(2500);
  CHECK(sentence(ServerProvisioning{blueprint(), due}) ==
        "Provisioning t2.micro with address 192.168.10.5, ready in 2.5 s");
  CHECK(sentence(ServerProvisioning{blueprint(), End{due}, {}, at(60)}) ==
        "Provisioning t2.micro with address 192.168.10.5, ready in 2.5 s, leased for 60 s");
  CHECK(sentence(ServerProvisioned{blueprint(), {}, at(60)}) ==
        "Provisioned t2.micro with address 192.168.10.5, leased for 60 s");
  CHECK(sentence(LeaseExtended{at(90)}) == "Lease extended, to end in 90 s");
  CHECK(sentence(ServerTerminated{Status::failed, TerminationReason::lease_expired}) ==
        "Terminated at the end of its lease; 192.168.10.5 is free again");
  CHECK(sentence(ServerProvisioned{blueprint()}) ==
        "Provisioned t2.micro with address 192.168.10.5");
  CHECK(sentence(ServerStarting{Status::stopped, at(3)}) == "Starting, running in 3 s");
  CHECK(sentence(ServerStarted{Status::pending}) == "Running");
  CHECK(sentence(ServerStopping{Status::running, at(100)}) == "Stopping, stopped in 100 s");
  CHECK(sentence(ServerStopped{Status::stopping}) == "Stopped");
  CHECK(sentence(ServerRebooting{Status::running, at(0)}) == "Rebooting, running again in 0 s");
  CHECK(sentence(ServerRebooted{Status::rebooting}) == "Running again after a reboot");
  CHECK(sentence(ServerTerminating{Status::running, at(1)}) == "Terminating, terminated in 1 s");
  CHECK(sentence(ServerTerminated{Status::terminating, TerminationReason::user}) ==
        "Terminated; 192.168.10.5 is free again");
  CHECK(sentence(ServerTerminated{Status::stopped, TerminationReason::idle_timeout}) ==
        "Terminated after standing idle too long; 192.168.10.5 is free again");
  CHECK(sentence(ServerTerminated{Status::pending, TerminationReason::forced, "stuck"}) ==
        "Terminated by force (stuck); 192.168.10.5 is free again");
  CHECK(sentence(CommandRejected{{RejectionCode::not_found, "there is no such server"}}) ==
        "Command rejected (not_found): there is no such server");
  CHECK(sentence(CommandPurged{}) == "Command purged from the queue before it was carried out");
  CHECK(sentence(CommandDeadLettered{"exhausted"}) ==
        "Command moved to the dead letters: exhausted");
}

TEST_CASE("an array's text is what Postgres reads back as the same values") {
  ColumnArray array;
  array.text("a\"b\\c,{d}");
  array.null();
  array.integer(-5);
  array.text("");
  array.text("NULL");
  array.text(std::string_view("x\0y", 3));
  array.text("cut \xE2\x82");
  CHECK(array.take() ==
        "{\"a\\\"b\\\\c,{d}\",NULL,-5,\"\",\"NULL\",\"x\xEF\xBF\xBDy\","
        "\"cut \xEF\xBF\xBD\xEF\xBF\xBD\"}");
  CHECK(ColumnArray().take() == "{}");
}
