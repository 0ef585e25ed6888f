// Goal (issue 12, 15): a Postgres that does not answer freezes no one: reads are 503 in about 5 s,
// and soon at once; writes are accepted; probes answer; SIGTERM works; and all heals by itself, in
// the processes that there are.
// Method: every process of Postgres is stopped (SIGSTOP), behind Unix sockets; or a door in front
// of it, to which TCP leads, swallows what goes through.

#include <csignal>
#include <optional>

#include <doctest/doctest.h>

#include "tests/e2e/waiting_clients.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/gate.h"
#include "tests/harness/postgres_faults.h"
#include "tests/harness/servers.h"

using namespace e2e;
using namespace harness;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t callers = 200;
constexpr std::size_t own_threads_max = 40;  // of a process, beside those of its callers

/// What callers meet from the moment on at which Postgres falls silent.
void check_silence(Fleet& fleet, const std::string& id) {
  check_unavailable_within(timed_get(fleet.api_port(), "/servers/" + id), silent_answer_max);
  check_probes_are_prompt(fleet);
  const auto threads_before = threads_of(fleet.api());
  for (const TimedAnswer& timed : timed_gets(fleet.api_port(), "/servers", callers)) {
    check_unavailable_within(timed, silent_answer_max);
  }
  CHECK(threads_of(fleet.api()) < threads_before + callers + own_threads_max);
  CHECK(eventually([&] { return threads_of(fleet.api()) < own_threads_max; }));
  // It is known by now: nobody waits for it any more, but for who asks whether it is back.
  std::size_t prompt = 0;
  for (int i = 0; i < 10; ++i) {
    const TimedAnswer timed = timed_get(fleet.api_port(), "/servers/" + id);
    check_unavailable_within(timed, silent_answer_max);
    if (timed.took < prompt_answer_max) {
      ++prompt;
    }
  }
  CHECK(prompt >= 5);
  check_probes_are_prompt(fleet);
  CHECK(timed_get(fleet.api_port(), "/readyz").answer.status == 503);
  CHECK(eventually([&] { return HttpClient(fleet.worker_port()).get("/readyz").status == 503; },
                   40s));
}

/// A write is stored and carried out; its outcome can be read once Postgres is back.
HttpAnswer check_write_is_accepted(Fleet& fleet, const std::string& id) {
  const TimedAnswer stop = timed_stop(fleet.api_port(), id);
  CHECK_MESSAGE(stop.answer.status == 202, describe(stop.answer));
  CHECK_MESSAGE(stop.took < silent_answer_max, stop.took.count(), " ms");
  const TimedAnswer keyed =
      timed_post(fleet.api_port(), "/servers", create_body(), {{"Idempotency-Key", "frozen-1"}});
  CHECK_MESSAGE(keyed.answer.status == 202, describe(keyed.answer));
  CHECK_MESSAGE(keyed.took < silent_answer_max, keyed.took.count(), " ms");
  return stop.answer;
}

void check_healed(Fleet& fleet, const std::string& id, const HttpAnswer& accepted) {
  const auto api = fleet.api().pid();
  const auto worker = fleet.worker().pid();
  fleet.wait_until_ready(60s);
  HttpClient client = fleet.client();
  CHECK(eventually(
      [&] { return operation_status(client, accepted.header("Location")) == "SUCCEEDED"; }, 30s));
  CHECK(wait_for_status(client, id, "STOPPED")["id"].text() == id);
  CHECK(eventually([&] { return client.get("/servers").json()["total"].integer() == 2; }));
  CHECK(fleet.api().pid() == api);
  CHECK(fleet.worker().pid() == worker);
  CHECK(fleet.vsimctl({"verify"}).ending.clean());
}

}  // namespace

TEST_CASE("a frozen Postgres costs reads 503 and writes 202 in time, and nothing for ever") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  std::optional<FrozenPostgres> frozen(fleet.postgres());
  check_silence(fleet, id);
  const HttpAnswer accepted = check_write_is_accepted(fleet, id);
  frozen.reset();
  check_healed(fleet, id, accepted);
}

TEST_CASE("a connection to Postgres that swallows everything is given up, and made anew") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  Gate gate(socket_path(fleet.postgres()));
  fleet.api().terminate();
  fleet.worker().terminate();
  const auto through = [&](const std::string& role) {
    return Settings{{"DATABASE_URL", through_port(fleet.database_url(role), gate.port())}};
  };
  fleet.start_api(0, through("vsim_api"));
  fleet.start_worker(0, through("vsim_worker"));
  fleet.wait_until_ready();
  gate.swallow();
  check_silence(fleet, id);
  const HttpAnswer accepted = check_write_is_accepted(fleet, id);
  gate.carry();
  check_healed(fleet, id, accepted);
}

TEST_CASE("SIGTERM ends the API and the worker in time while Postgres is frozen") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  const FrozenPostgres frozen(fleet.postgres());
  std::jthread reader([&] { timed_get(fleet.api_port(), "/servers/" + id); });
  std::jthread writer([&] { timed_stop(fleet.api_port(), id); });
  // The projector has got something to write, and waits for Postgres.
  const std::string last = "vsim.evt.server.us-east-1." + id;
  CHECK(eventually([&] {
    return fleet.nats_cli({"stream", "get", "EVENTS", "--last-for", last})
               .text.find("server_stopped") != std::string::npos;
  }));
  for (ChildProcess* process : {&fleet.worker(), &fleet.api()}) {
    process->signal(SIGTERM);
    const auto ending = process->wait(10s);
    CHECK_MESSAGE((ending && ending->clean()), tail_of(process->log_path()));
  }
}

TEST_CASE("vsimctl gives a frozen Postgres up and says so") {
  Fleet fleet({.apis = 0, .workers = 0});
  const FrozenPostgres frozen(fleet.postgres());
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"status"}, {"doctor"}, {"verify"}, {"rebuild", "--yes"}}) {
    const auto began = std::chrono::steady_clock::now();
    const Output output = fleet.vsimctl(command);
    CHECK_MESSAGE(output.text.find("Postgres does not answer") != std::string::npos, output.text);
    CHECK_FALSE(output.ending.clean());
    CHECK(std::chrono::steady_clock::now() - began < 2 * silent_answer_max);
  }
}
