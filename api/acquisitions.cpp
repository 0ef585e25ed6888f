#include "api/acquisitions.h"

#include <algorithm>
#include <random>

#include "api/answers.h"
#include "api/outcomes.h"
#include "api/polling.h"
#include "schema/http/write_requests.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/subjects.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using http::Problem;
using http::ProblemCode;

/// Servers that one request may be refused, also by its repeats.
constexpr std::uint64_t attempts_max = 256;
constexpr std::uint32_t ready_looked_up_max = 256;
/// Requests that wait share a look at the read models that is no older.
constexpr auto shared_look_age = 50ms;
/// For the outcome, where a server became ready at the very end of the wait for one.
constexpr auto outcome_patience_min = 1s;
constexpr auto log_patience = 200ms;  // for the read models to hold what the log has
/// The broker forgets message ids after ten minutes (streams.json).
constexpr auto remembered = 9min;

/// Whether another server may do. What the request itself asks wrongly none will.
bool is_about_server(const read_model::OperationRow& operation) {
  const auto code = rejection_code_from(operation.code);
  return code == RejectionCode::not_ready || code == RejectionCode::not_found ||
         code == RejectionCode::invalid_transition;
}

Problem behind() {
  return unavailable(
      "the read models are behind, so nobody can tell what became of an earlier request with this "
      "Idempotency-Key; try again",
      5);
}

Problem refused_too_often(const WarmPoolId& pool) {
  return {.code = ProblemCode::pool_empty,
          .detail = "each of " + std::to_string(attempts_max) + " servers of the pool " +
                    pool.name + " was taken when it was asked for; send a new Idempotency-Key"};
}

}  // namespace

/// A request on its way from server to server.
struct Acquisitions::Request {
  WarmPoolId pool;
  Write write;  // without a server yet
  Steady::time_point began = Steady::now();
  Steady::duration waited{};     // for a server to be ready
  bool may_be_repeated = false;  // an earlier request with its key may have come as far as this
  std::uint64_t number = 1;      // of the attempt

  const http::Preferences& preferences() const { return write.terms.preferences; }
  bool waits_for_ready() const { return preferences().wait.value_or(0s) > 0s; }
  bool tries_no_more() const {
    const auto now = Steady::now();
    return now >= write.terms.deadline && now >= began + http::wait_default;
  }
  std::chrono::milliseconds outcome_patience() const {
    if (preferences().patience() == 0s) {
      return 0ms;
    }
    const auto left = write.terms.deadline - Steady::now();
    return std::max<std::chrono::milliseconds>(
        outcome_patience_min, std::chrono::duration_cast<std::chrono::milliseconds>(left));
  }
};

Acquisitions::Acquisitions(CommandGateway& gateway, LogSide& log_side, ReadSide& read_side,
                           ServerCommands& commands, AcquireFigures& figures,
                           StreamFactsOf facts_of, std::function<bool()> stopping)
    : gateway_(gateway),
      log_side_(log_side),
      read_side_(read_side),
      commands_(commands),
      figures_(figures),
      facts_of_(std::move(facts_of)),
      stopping_(std::move(stopping)),
      ready_(
          [this](const WarmPoolId& pool) {
            return read_side_.read([&](read_model::Transaction& tx) {
              return read_model::ready_servers(tx, pool, ready_looked_up_max);
            });
          },
          std::random_device{}()) {}

Answer Acquisitions::acquire(const Call& call) {
  const auto began = Steady::now();
  const auto terms = read_write_terms(call, WriteTarget::new_server);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto pool = read_warm_pool(call);
  if (!pool) {
    return tl::unexpected(pool.error());
  }
  auto acquire = http::read_acquire_request(call.request.body);
  if (!acquire) {
    return tl::unexpected(invalid(acquire.error()));
  }
  acquire->pool = pool->name;
  const Action action = std::move(*acquire);
  Request request{.pool = *pool,
                  .write = make_write(call,
                                      {.terms = *terms,
                                       .region = {},
                                       .any_server = true,
                                       .type = std::string(command_type(action)),
                                       .payload = messages::encode_action(action),
                                       .account = pool->account},
                                      "/warm-pools/" + pool->name + "/acquire"),
                  .began = began,
                  .may_be_repeated = terms->keyed};
  auto answer = acquire_from(request);
  count(request, answer);
  return answer;
}

/// One server after the other, until one is had or there is none. The nth attempt has an id made of
/// the request's, so that a repeat goes the same way: to those that have refused it, then to the
/// one that it was given.
Answer Acquisitions::acquire_from(Request& request) {
  const CommandId id = request.write.id();
  for (; request.number <= attempts_max; ++request.number) {
    request.write.terms.id = messages::command_id_of_attempt(id, request.number);
    const auto result = attempt(request);
    if (!result) {
      return tl::unexpected(result.error());
    }
    if (!*result) {
      return tl::unexpected(why_none(request.pool));
    }
    const read_model::OperationRow& operation = (*result)->operation;
    if (const auto server = Uuid::parse(operation.server_id)) {
      request.write.server =
          ServerId{*server};  // a repeat at the same time may have chosen another
    }
    if (outcome_of(operation) != OutcomeKind::rejected || !is_about_server(operation)) {
      return commands_.answer(request.write, **result, 200);
    }
  }
  return tl::unexpected(refused_too_often(request.pool));
}

/// Nothing: there is no server for it.
Reply<std::optional<WriteResult>> Acquisitions::attempt(Request& request) {
  if (request.may_be_repeated) {
    auto earlier = go_on_with_earlier(request, Search::forgotten);
    if (!earlier || *earlier) {
      return earlier;
    }
    request.may_be_repeated = false;  // attempts are made in their order
  }
  while (true) {
    auto held = ready_.take(request.pool, Steady::now());
    if (held && !*held) {
      // Without a server to send it to, the broker cannot tell whether it is on its way already.
      if (auto earlier = go_on_with_earlier(request, Search::everything); !earlier || *earlier) {
        return earlier;
      }
      held = wait_for_ready(request);
    }
    if (!held) {
      return tl::unexpected(held.error());
    }
    if (!*held) {
      return request.waits_for_ready() ? go_on_with_earlier(request, Search::everything)
                                       : std::optional<WriteResult>();
    }
    auto result = send_to(request, **held);
    const bool is_taken = !result && result.error().code == ProblemCode::operation_in_progress;
    if (!is_taken) {
      return result;
    }
    (*held)->slot_is_taken();
    if (request.tries_no_more()) {
      return std::optional<WriteResult>();
    }
  }
}

Reply<WriteResult> Acquisitions::send_to(Request& request, const ReadyServers::Held& held) {
  request.write.server = held.server().id;
  request.write.region = held.server().region;
  request.write.any_server = true;
  return gateway_.carry_out(request.write, request.outcome_patience());
}

// ---- repeats

/// With the attempt as an earlier request with its key has begun it; nothing where none has.
Reply<std::optional<WriteResult>> Acquisitions::go_on_with_earlier(Request& request,
                                                                   Search search) {
  if (!request.write.terms.keyed) {
    return std::optional<WriteResult>();
  }
  const auto earlier = find_earlier(request.write, search);
  if (!earlier) {
    return tl::unexpected(earlier.error());
  }
  if (!*earlier) {
    return std::optional<WriteResult>();
  }
  request.write.server = (*earlier)->id;
  request.write.region = (*earlier)->region;
  request.write.any_server = false;
  return gateway_.carry_out(request.write, request.outcome_patience());
}

/// To which server an earlier request with its key has sent this attempt; nothing when to none. One
/// that is sent at this moment the broker tells of, since it has the same message id; what it may
/// have forgotten is looked for first.
Reply<std::optional<ReadyServer>> Acquisitions::find_earlier(const Write& write, Search search) {
  auto known = find_in_read_models(write);
  if (!known || *known) {
    return known;
  }
  // The queue first: a command leaves it only when its outcome stands in the log.
  const auto waiting = find_waiting(write, search);
  if (!waiting) {
    return tl::unexpected(waiting.error());
  }
  if (*waiting && (*waiting)->server) {
    return std::optional(ReadyServer{*(*waiting)->server, (*waiting)->region});
  }
  const auto log = facts_of_(messages::events_stream);
  if (!log) {
    return tl::unexpected(problem_of(log.error()));
  }
  if (!read_side_.wait_for_events(log->last_sequence, log_patience)) {
    return find_in_log(write, log->last_sequence);
  }
  return find_in_read_models(write);
}

/// Where the read models do not move: in what they lack.
Reply<std::optional<ReadyServer>> Acquisitions::find_in_log(const Write& write,
                                                            StreamSequence last) {
  const auto found = log_side_.search_outcome(read_side_.events_projected(), last, write.id());
  if (!found) {
    return tl::unexpected(found.error());
  }
  return *found ? std::optional(ReadyServer{(*found)->server, (*found)->region}) : std::nullopt;
}

Reply<std::optional<ReadyServer>> Acquisitions::find_in_read_models(const Write& write) {
  const auto known = gateway_.find_own(write);
  if (!known) {
    return tl::unexpected(known.error());
  }
  const auto id = *known ? Uuid::parse((*known)->operation.server_id) : std::nullopt;
  return id ? std::optional(ReadyServer{ServerId{*id}, Region{(*known)->operation.region}})
            : std::nullopt;
}

/// Where no worker has taken commands for minutes, the broker has forgotten their message ids.
Reply<std::optional<WaitingCommand>> Acquisitions::find_waiting(const Write& write, Search search) {
  const auto queue = facts_of_(messages::commands_stream);
  if (!queue) {
    return tl::unexpected(problem_of(queue.error()));
  }
  const bool all_remembered = queue->oldest_age < remembered;
  if (queue->messages == 0 || (search == Search::forgotten && all_remembered)) {
    return std::optional<WaitingCommand>();
  }
  if (queue->messages > queue_searched_max) {
    return tl::unexpected(behind());
  }
  return log_side_.search_waiting(write.id());
}

// ---- servers that are ready

/// Null: there is none, for as long as the request waits for one.
Reply<Acquisitions::HeldServer> Acquisitions::wait_for_ready(Request& request) {
  if (!request.waits_for_ready()) {
    return nullptr;
  }
  const auto row = read_side_.read(
      [&](read_model::Transaction& tx) { return read_model::find_warm_pool(tx, request.pool); });
  if (!row) {
    return tl::unexpected(row.error());
  }
  if (!*row || (*row)->draining) {
    return nullptr;  // none will come
  }
  const auto deadline = request.write.terms.deadline;
  const auto began = Steady::now();
  auto held = poll_until(
      deadline, stopping_, Backoff(10ms, 100ms),
      [&] {
        const auto now = Steady::now();
        return ready_.take(request.pool, now < deadline ? now - shared_look_age : now);
      },
      [](const Reply<HeldServer>& found) { return !found || *found; });
  request.waited += Steady::now() - began;
  return held;
}

Problem Acquisitions::why_none(const WarmPoolId& pool) {
  const auto row = read_side_.read(
      [&](read_model::Transaction& tx) { return read_model::find_warm_pool(tx, pool); });
  if (!row) {
    return row.error();
  }
  if (!*row) {
    ready_.forget(pool);
    return no_such_warm_pool(pool);
  }
  figures_.missed(pool);
  Problem problem{.code = ProblemCode::pool_empty, .detail = {}};
  if ((*row)->draining) {
    problem.detail = "the pool " + pool.name + " is being drained; PUT it to have it filled again";
  } else {
    problem.detail = "no server of the pool " + pool.name + " is ready, " +
                     std::to_string((*row)->warming) + " are on their way and its target is " +
                     std::to_string((*row)->terms.target) +
                     "; send it again, or with Prefer: wait=N to wait for one";
  }
  return problem;
}

void Acquisitions::count(const Request& request, const Answer& answer) {
  if (answer && answer->header("Idempotent-Replayed") != nullptr) {
    return;  // the first request has been counted
  }
  if (answer && answer->status == 200) {
    const auto took = Steady::now() - request.began - request.waited;
    return figures_.acquired(request.pool, took);
  }
  figures_.ended_without(answer ? answer->status : answer.error().status(),
                         !answer && answer.error().code == ProblemCode::pool_empty);
}

std::vector<Route> routes_of(WarmPools& pools, Acquisitions& acquisitions) {
  using enum Method;
  using enum http::Role;
  return {
      {get, "/warm-pools", reader, [&](const Call& call) { return pools.list(call); }},
      {get, "/warm-pools/{name}", reader, [&](const Call& call) { return pools.get(call); }},
      {put, "/warm-pools/{name}", caller, [&](const Call& call) { return pools.set(call); }},
      {remove, "/warm-pools/{name}", caller, [&](const Call& call) { return pools.drain(call); }},
      {post, "/warm-pools/{name}/acquire", caller,
       [&](const Call& call) { return acquisitions.acquire(call); }},
  };
}

}  // namespace vsim::api
