// Goal (issue 12, 15): a broker that does not answer freezes nobody: reads go on, writes are 503 in
// about 5 s, probes answer, SIGTERM works, and all heals by itself.
// Method: nats-server is stopped (SIGSTOP), or a door in front of it swallows what goes through.

#include <csignal>

#include <doctest/doctest.h>

#include "tests/e2e/waiting_clients.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/gate.h"
#include "tests/harness/servers.h"

using namespace e2e;
using namespace harness;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t callers = 100;
constexpr std::size_t own_threads_max = 40;  // of a process, beside those of its callers

void check_silence(Fleet& fleet, const std::string& id) {
  check_unavailable_within(timed_stop(fleet.api_port(), id), silent_answer_max);
  check_probes_are_prompt(fleet);
  const auto threads_before = threads_of(fleet.api());
  for (const TimedAnswer& timed : timed_gets(fleet.api_port(), "/servers/" + id, callers)) {
    CHECK_MESSAGE(timed.answer.status == 200, describe(timed.answer));
    CHECK_MESSAGE(timed.took < silent_answer_max, timed.took.count(), " ms");
  }
  CHECK(threads_of(fleet.api()) < threads_before + callers + own_threads_max);
  check_probes_are_prompt(fleet);
  CHECK(eventually([&] { return timed_get(fleet.api_port(), "/readyz").answer.status == 503; }));
  CHECK(eventually([&] { return HttpClient(fleet.worker_port()).get("/readyz").status == 503; },
                   40s));
  check_unavailable_within(timed_post(fleet.api_port(), "/servers", create_body()),
                           silent_answer_max);
}

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

/// None of the client library's, nor the subject that was asked.
void check_plain_words(const std::string& readiness) {
  for (const char* word : {"$JS", "Timeout", "Disconnected", "Connection", "NATS: "}) {
    CHECK_MESSAGE(!says(readiness, word), readiness);
  }
}

/// Writes that nobody answered may have been carried out since: the server is asked where it is.
void check_healed(Fleet& fleet, const std::string& id) {
  const auto api = fleet.api().pid();
  const auto worker = fleet.worker().pid();
  fleet.wait_until_ready(60s);
  HttpClient client = fleet.client();
  CHECK(eventually(
      [&] {
        act(client, id, "stop");
        return get_server(client, id)["status"].text() == "STOPPED";
      },
      60s));
  CHECK(fleet.api().pid() == api);
  CHECK(fleet.worker().pid() == worker);
}

}  // namespace

TEST_CASE("a frozen broker costs writes 503 in time, reads nothing, and all recovers by itself") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  fleet.nats().process().signal(SIGSTOP);
  check_silence(fleet, id);
  const Output status = fleet.vsimctl({"status"});
  CHECK_MESSAGE(status.text.find("does not answer") != std::string::npos, status.text);
  fleet.nats().process().signal(SIGCONT);
  check_healed(fleet, id);
}

TEST_CASE("a worker says in 2 s that its broker is frozen, and both say it in plain words") {
  Fleet fleet;
  HttpClient worker(fleet.worker_port());
  REQUIRE(worker.get("/readyz").status == 200);
  fleet.nats().process().signal(SIGSTOP);
  // Pings of the connection would tell after 4 s at the earliest.
  CHECK(eventually([&] { return worker.get("/readyz").status == 503; }, 3500ms));
  check_plain_words(worker.get("/readyz").body);
  CHECK(eventually([&] { return says(fleet.client().get("/readyz").body, "is nats-server"); }));
  check_plain_words(fleet.client().get("/readyz").body);
  // Then the connection is given up.
  CHECK(eventually([&] { return says(worker.get("/readyz").body, "not connected to NATS"); }));
  check_plain_words(worker.get("/readyz").body);
  check_plain_words(fleet.client().get("/readyz").body);
  fleet.nats().process().signal(SIGCONT);
  fleet.wait_until_ready(60s);
}

TEST_CASE("a connection to the broker that swallows everything is given up, and made anew") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  Gate gate(fleet.nats().port());
  fleet.api().terminate();
  fleet.worker().terminate();
  const auto through = [&](const std::string& user) {
    std::string url = fleet.nats().url(user);
    const std::string port = std::to_string(fleet.nats().port());
    return Settings{
        {"NATS_URL", url.replace(url.rfind(port), port.size(), std::to_string(gate.port()))}};
  };
  fleet.start_api(0, through("api"));
  fleet.start_worker(0, through("worker"));
  fleet.wait_until_ready();
  gate.swallow();
  check_silence(fleet, id);
  gate.carry();
  check_healed(fleet, id);
}

TEST_CASE("SIGTERM ends the API and the worker in time while the broker is frozen") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  fleet.nats().process().signal(SIGSTOP);
  std::jthread writer([&] { timed_stop(fleet.api_port(), id); });
  std::this_thread::yield();
  for (ChildProcess* process : {&fleet.worker(), &fleet.api()}) {
    process->signal(SIGTERM);
    const auto ending = process->wait(10s);
    CHECK_MESSAGE((ending && ending->clean()), tail_of(process->log_path()));
  }
  fleet.nats().process().signal(SIGCONT);
}

TEST_CASE("an API that is started before a frozen broker wakes up waits for it") {
  Fleet fleet;
  fleet.api().terminate();
  fleet.nats().process().signal(SIGSTOP);
  fleet.start_api();
  CHECK(eventually(
      [&] { return read_file(fleet.api().log_path()).find("says nothing") != std::string::npos; }));
  CHECK(fleet.api().running());
  fleet.nats().process().signal(SIGCONT);
  fleet.wait_until_ready();
}

TEST_CASE("a broker that stops reading while megabytes are sent to it blocks nobody for long") {
  Fleet fleet;
  HttpClient client = fleet.client();
  const std::string id = create_server(client, {.profile = "instant"})["id"].text();
  std::string tags;
  for (int i = 0; i < 50; ++i) {
    tags += (i == 0 ? "\"" : ",\"") + std::string("k") + std::to_string(i) + "\":\"" +
            std::string(256, 'x') + "\"";
  }
  const std::string body =
      R"({"name":"big","region":"us-east-1","type":"t2.micro","tags":{)" + tags + "}}";
  REQUIRE(client.post("/servers", body).status == 201);
  fleet.nats().process().signal(SIGSTOP);
  std::vector<TimedAnswer> answers(400);
  std::vector<std::jthread> threads;
  for (TimedAnswer& answer : answers) {
    threads.emplace_back([&] { answer = timed_post(fleet.api_port(), "/servers", body); });
  }
  threads.clear();
  for (const TimedAnswer& timed : answers) {
    check_unavailable_within(timed, silent_answer_max);
  }
  check_probes_are_prompt(fleet);
  CHECK(timed_get(fleet.api_port(), "/servers/" + id).answer.status == 200);
  fleet.nats().process().signal(SIGCONT);
  check_healed(fleet, id);
}
