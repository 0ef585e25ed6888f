#include "api/operations.h"

#include <algorithm>
#include <array>

#include "api/answers.h"
#include "api/outcomes.h"
#include "api/polling.h"
#include "api/write.h"
#include "api/write_terms.h"
#include "eventstore/broker_facts.h"
#include "schema/http/documents.h"
#include "schema/http/preferences.h"
#include "schema/http/query_string.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/checkpoint.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using read_model::OperationRow;
using read_model::Transaction;

constexpr std::array<std::string_view, 5> statuses = {"PENDING", "SUCCEEDED", "REJECTED",
                                                      "DEAD_LETTERED", "PURGED"};
// Commands reach the read models through JOURNAL, in batches.
constexpr std::chrono::milliseconds journal_patience = 1500ms;

struct ListRequest {
  read_model::OperationFilter filter;
  std::uint64_t limit = operations_limit_default;
  std::uint64_t before = 0;
};

tl::expected<ListRequest, std::string> read_list_request(const http::QueryString& query) {
  ListRequest list;
  if (const std::string* status = query.find("status")) {
    if (std::find(statuses.begin(), statuses.end(), *status) == statuses.end()) {
      return tl::unexpected("status is \"" + *status +
                            "\"; there are PENDING, SUCCEEDED, REJECTED, DEAD_LETTERED and PURGED");
    }
    list.filter.status = *status;
  }
  if (const std::string* server = query.find("server_id")) {
    const auto id = Uuid::parse(*server);
    if (!id) {
      return tl::unexpected("server_id is \"" + *server + "\"; give a server's UUID");
    }
    list.filter.server_id = id->to_string();
  }
  if (const std::string* region = query.find("region")) {
    list.filter.region = *region;
  }
  const auto limit = query.number("limit", 1, operations_limit_max, operations_limit_default);
  const auto before = query.number("before", 1, UINT64_MAX, 0);
  if (!limit || !before) {
    return tl::unexpected(limit ? before.error() : limit.error());
  }
  list.limit = *limit;
  list.before = *before;
  return list;
}

OperationRow row_of(const WaitingCommand& waiting) {
  OperationRow operation;
  operation.id = waiting.id.to_string();
  operation.type = waiting.type;
  operation.region = waiting.region.name;
  operation.server_id = waiting.server ? waiting.server->to_string() : std::string();
  operation.status = "PENDING";
  operation.actor = waiting.origin.actor;
  operation.correlation_id = waiting.origin.correlation_id;
  operation.account = waiting.server && !waiting.create ? waiting.origin.account
                                                        : std::string(account_of_create(waiting));
  operation.command_sequence = waiting.sequence;
  return operation;
}

std::optional<ServerId> server_of(const OperationRow& operation) {
  const auto id = Uuid::parse(operation.server_id);
  return id ? std::optional(ServerId{*id}) : std::nullopt;
}

}  // namespace

Answer Operations::list(const Call& call) {
  const auto query =
      read_query(call, {"account", "status", "server_id", "region", "limit", "before"});
  if (!query) {
    return tl::unexpected(query.error());
  }
  auto request = read_list_request(*query);
  if (!request) {
    return tl::unexpected(invalid(request.error()));
  }
  request->filter.account = call.scope.only;
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto operations = read_side_.read([&](Transaction& tx) {
    return read_model::list_operations(
        tx, request->filter, static_cast<std::uint32_t>(request->limit + 1), request->before);
  });
  if (!operations) {
    return tl::unexpected(operations.error());
  }
  return json_answer(200, http::render_operation_page(*operations, request->limit));
}

Answer Operations::get(const Call& call) {
  const auto uuid = Uuid::parse(call.parameter);
  if (!uuid) {
    return tl::unexpected(invalid("the path's id is no UUID; give an operation's id"));
  }
  const auto until_settled = read_until_settled(call.request, WriteTarget::server);
  if (!until_settled) {
    return tl::unexpected(until_settled.error());
  }
  const auto preferences = http::read_preferences(call.request.joined_header("Prefer"));
  if (!preferences) {
    return tl::unexpected(invalid(preferences.error()));
  }
  const auto deadline = std::chrono::steady_clock::now() + preferences->wait.value_or(0s);
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto view = poll_until(
      deadline, stopping_, Backoff(10ms, 200ms),
      [&] { return view_of(CommandId{*uuid}, call.scope, *until_settled); },
      [](const Reply<http::OperationView>& seen) { return !seen || seen->status() != "PENDING"; });
  if (!view) {
    return tl::unexpected(view.error());
  }
  HttpResponse response = json_answer(200, http::render_operation(*view));
  if (preferences->wait) {
    response.add("Preference-Applied", "wait=" + std::to_string(preferences->wait->count()));
  }
  return response;
}

Reply<http::OperationView> Operations::view_of(const CommandId& id, const Scope& scope,
                                               bool until_settled) {
  auto operation = find_anywhere(id, scope);
  if (!operation) {
    return tl::unexpected(operation.error());
  }
  const auto settled = settlement_.find(*operation);
  if (!settled) {
    return tl::unexpected(settled.error());
  }
  return http::OperationView{std::move(*operation), *settled, until_settled};
}

/// In the read models, or still in the queue. One that is not in the scope is looked for like one
/// that is nowhere.
Reply<OperationRow> Operations::find_anywhere(const CommandId& id, const Scope& scope) {
  auto operation = find(id, scope);
  if (operation && !*operation) {
    operation = find_unprojected(id, scope);
  }
  if (!operation) {
    return tl::unexpected(operation.error());
  }
  if (!*operation) {
    return tl::unexpected(http::Problem{.code = http::ProblemCode::not_found,
                                        .detail = "there is no operation " + id.to_string()});
  }
  const bool may_wait_again = is_decided(**operation) && !has_final_outcome(**operation);
  return may_wait_again ? as_it_waits(std::move(**operation)) : std::move(**operation);
}

/// What was purged or dead-lettered may have been sent again a moment ago, and waits then. Without
/// the broker it is shown as it was.
OperationRow Operations::as_it_waits(OperationRow operation) {
  const auto waiting = log_side_.find_waiting(
      waiting_filter(Region{operation.region}, server_of(operation), operation.type));
  const bool again = waiting && *waiting && (*waiting)->id.to_string() == operation.id &&
                     is_later((*waiting)->sequence, operation);
  if (!again) {
    return operation;
  }
  auto row = row_of(**waiting);
  row.account = std::move(operation.account);
  return row;
}

Reply<std::optional<OperationRow>> Operations::find(const CommandId& id, const Scope& scope) {
  auto found = read_side_.read([&](Transaction& tx) { return read_model::find_operation(tx, id); });
  if (!found) {
    return tl::unexpected(found.error());
  }
  if (!*found) {
    return std::optional<OperationRow>();
  }
  auto& operation = (*found)->operation;
  return scope.sees(operation.account) ? std::optional(std::move(operation)) : std::nullopt;
}

/// It may have been accepted a moment ago: before a 404, all that is stored by now must be
/// projected.
Reply<std::optional<OperationRow>> Operations::find_unprojected(const CommandId& id,
                                                                const Scope& scope) {
  const auto queue = stream_facts(broker_, messages::commands_stream);
  if (!queue) {
    return tl::unexpected(problem_of(queue.error()));
  }
  const bool projected = read_side_.wait_for_journal(queue->last_sequence, journal_patience);
  auto operation = find(id, scope);
  if (!operation || *operation || projected) {
    return operation;
  }
  operation = find_in_queue(id, scope, queue->messages);
  if (!operation || *operation) {
    return operation;
  }
  // Neither projected nor waiting: its outcome, or its purge, may still have to be projected.
  const auto complete = holds_all_of_the_streams();
  if (!complete) {
    return tl::unexpected(complete.error());
  }
  if (!*complete) {
    return tl::unexpected(unavailable(
        "operations are behind, so nobody can tell whether there is this one; try again", 5));
  }
  return find(id, scope);
}

Reply<bool> Operations::holds_all_of_the_streams() {
  for (const auto stream : {messages::events_stream, messages::journal_stream}) {
    const auto facts = stream_facts(broker_, stream);
    if (!facts) {
      return tl::unexpected(problem_of(facts.error()));
    }
    const auto checkpoint =
        read_side_.read([&](Transaction& tx) { return read_model::find_checkpoint(tx, stream); });
    if (!checkpoint) {
      return tl::unexpected(checkpoint.error());
    }
    const auto projected = *checkpoint ? (*checkpoint)->sequence : 0;
    if (projected < facts->last_sequence) {
      return false;
    }
  }
  return true;
}

/// For times without a projector: the queue knows what waits.
Reply<std::optional<OperationRow>> Operations::find_in_queue(const CommandId& id,
                                                             const Scope& scope,
                                                             std::uint64_t queue_length) {
  if (queue_length > queue_searched_max) {
    return tl::unexpected(
        unavailable("operations are behind by more commands than can be searched; try again", 5));
  }
  const auto waiting = log_side_.search_waiting(id);
  if (!waiting) {
    return tl::unexpected(waiting.error());
  }
  if (!*waiting) {
    return std::optional<OperationRow>();
  }
  auto row = row_of(**waiting);
  return scope.sees(row.account) ? std::optional(std::move(row)) : std::nullopt;
}

}  // namespace vsim::api
