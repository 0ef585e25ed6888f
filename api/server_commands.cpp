#include "api/server_commands.h"

#include "api/answers.h"
#include "api/outcomes.h"
#include "api/polling.h"
#include "schema/http/documents.h"
#include "schema/http/write_requests.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/pool_codec.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/billing.h"
#include "schema/read_model/regions.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using http::Problem;
using http::ProblemCode;
using read_model::ConnectionPool;
using read_model::ServerRow;

bool is_ending(const ServerRow& server) {
  const auto status = status_from(server.status);
  return status == Status::terminating || status == Status::terminated;
}

/// Whether a DELETE asks for an end that is under way: such a repeat succeeds (RFC 9110, 9.2.2).
bool is_met_already(const Call& call, const WriteResult& result) {
  return call.request.method == "DELETE" && result.server && is_ending(*result.server) &&
         result.operation.code == to_string(RejectionCode::invalid_transition);
}

}  // namespace

Answer ServerCommands::create(const Call& call) {
  const auto terms = read_write_terms(call, WriteTarget::new_server);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto request = http::read_create_request(call.request.body);
  if (!request) {
    return tl::unexpected(invalid(request.error()));
  }
  if (auto unknown = find_unknown(catalogue_, request->region, request->create.instance_type,
                                  request->create.profile)) {
    return tl::unexpected(std::move(*unknown));
  }
  const ServerId server = messages::server_id_of_create(terms->id);
  const Action action = request->create;
  const Write write = make_write(call,
                                 {.terms = *terms,
                                  .region = request->region,
                                  .server = server,
                                  .type = std::string(command_type(action)),
                                  .payload = messages::encode_action(action),
                                  .account = call.scope.own},
                                 "/servers");
  auto created = submit(call, write, 201);
  if (created && created->status == 201) {
    created->add("Location", "/servers/" + server.to_string());
  }
  return created;
}

Answer ServerCommands::act(const Call& call) {
  const auto action = http::read_action_request(call.request.body);
  if (!action) {
    return tl::unexpected(invalid(action.error()));
  }
  return act_on(call, *action, "/action");
}

Answer ServerCommands::terminate(const Call& call) { return act_on(call, Terminate{}, ""); }

Answer ServerCommands::extend_lease(const Call& call) {
  const auto extension = http::read_lease_request(call.request.body);
  if (!extension) {
    return tl::unexpected(invalid(extension.error()));
  }
  return act_on(call, *extension, "/lease");
}

Answer ServerCommands::release(const Call& call) {
  if (const auto wrong = http::find_wrong_in_release_request(call.request.body)) {
    return tl::unexpected(invalid(*wrong));
  }
  return act_on(call, Release{}, "/release");
}

Answer ServerCommands::act_on(const Call& call, const Action& action, std::string_view path_end) {
  const auto id = read_server_id(call.parameter);
  if (!id) {
    return tl::unexpected(id.error());
  }
  auto terms = read_write_terms(call, WriteTarget::server);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto server = locate(*id, call.scope);
  if (!server) {
    return tl::unexpected(server.error());
  }
  if (terms->unmatchable) {
    return tl::unexpected(*terms->unmatchable);
  }
  add_version_of_older_builds(terms->only_at, *server);
  // From the id, which a client may write in upper case too.
  const std::string path = "/servers/" + id->to_string() + std::string(path_end);
  const Write write = make_write(call,
                                 {.terms = std::move(*terms),
                                  .region = Region{server->region},
                                  .server = *id,
                                  .type = std::string(command_type(action)),
                                  .payload = messages::encode_action(action),
                                  .account = server->account},
                                 path);
  return submit(call, write, 200);
}

/// The server as the read models have it, else as the streams do. One that is not in the scope is
/// looked for like one that is nowhere.
Reply<ServerRow> ServerCommands::locate(const ServerId& id, const Scope& scope) {
  auto server =
      read_side_.look_up([&](ConnectionPool& pool) { return read_model::find_server(pool, id); });
  if (server && *server && scope.sees((*server)->account)) {
    return std::move(**server);
  }
  auto streamed = log_side_.find_server(id, scope);
  if (!streamed) {
    return tl::unexpected(streamed.error());
  }
  if (streamed->logged) {
    return std::move(*streamed->logged);
  }
  if (streamed->queued_create) {
    return tl::unexpected(
        Problem{.code = ProblemCode::operation_in_progress,
                .detail = "the server is being created; wait for that and try again",
                .operation_id = streamed->queued_create->id.to_string()});
  }
  return tl::unexpected(no_such_server(id));
}

Answer ServerCommands::extend_pool(const Call& call) {
  const auto terms = read_write_terms(call, WriteTarget::fleet);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto region = read_region(catalogue_, call);
  if (!region) {
    return tl::unexpected(region.error());
  }
  const auto ranges = messages::read_ranges(call.request.body);
  if (!ranges) {
    return tl::unexpected(invalid("the body is wrong: " + ranges.error()));
  }
  const Write write = make_write(call,
                                 {.terms = *terms,
                                  .region = *region,
                                  .type = "extend_pool",
                                  .payload = messages::encode_extend_pool(*ranges)},
                                 "/regions/" + region->name + "/addresses");
  return submit(call, write, 200);
}

// ---- answers

Answer ServerCommands::submit(const Call& call, const Write& write, int success_status) {
  const auto result = gateway_.carry_out(write, write.terms.preferences.patience());
  if (!result) {
    return tl::unexpected(result.error());
  }
  if (auto without = answer_without_success(write, *result);
      without && !is_met_already(call, *result)) {
    return std::move(*without);
  }
  if (!write.server) {
    return show_pool(write, *result, success_status);
  }
  return show_server_as_asked(write, *result, success_status);
}

Answer ServerCommands::answer(const Write& write, const WriteResult& result, int success_status) {
  if (auto without = answer_without_success(write, result)) {
    return std::move(*without);
  }
  return show_server_as_asked(write, result, success_status);
}

Answer ServerCommands::show_server_as_asked(const Write& write, const WriteResult& result,
                                            int success_status) {
  return write.terms.until_settled ? show_settled(write, result, success_status)
                                   : show_server(write, result, success_status);
}

Answer ServerCommands::show_pool(const Write& write, const WriteResult& result,
                                 int success_status) {
  const auto region = region_row(write.region);
  if (!region) {
    return accepted_answer(write, result);  // it is done, and cannot be shown
  }
  return with_terms(
      json_answer(success_status,
                  http::render_region(*region, result.operation.decided_at.value_or(Instant{}))),
      write, result);
}

/// As the outcome left it: repeats of the request are answered with the same document.
Answer ServerCommands::show_server(const Write& write, const WriteResult& result,
                                   int success_status) {
  if (!result.server) {
    return accepted_answer(write, result);
  }
  return show(write, result, *result.server, result.operation.decided_at, success_status);
}

/// Waits for a state that lasts. The server is shown as of its last change: more may be under way.
Answer ServerCommands::show_settled(const Write& write, const WriteResult& result,
                                    int success_status) {
  if (!result.server || is_settled(*result.server) || begins_nothing(result.operation)) {
    return show_server(write, result, success_status);
  }
  if (Steady::now() >= write.terms.deadline) {
    return accepted_answer(write, what_ends(result));
  }
  const auto superseded = [&](const ServerRow& server) {
    return is_ending(server) && is_superseded(result);
  };
  ServerRow last = *result.server;
  const ServerRow server = poll_until(
      write.terms.deadline, stopping_, Backoff(5ms, 100ms),
      [&] {
        const auto found = read_side_.look_up(
            [&](ConnectionPool& pool) { return read_model::find_server(pool, *write.server); });
        last = found && *found ? **found : last;
        return last;
      },
      [&](const ServerRow& seen) { return is_settled(seen) || superseded(seen); });
  if (superseded(server)) {
    return superseded_answer(write, result);
  }
  if (!is_settled(server)) {
    return accepted_answer(write, what_ends(result));
  }
  return show(write, result, server, std::nullopt, success_status);
}

/// The server as of that time, else as of its last change.
Answer ServerCommands::show(const Write& write, const WriteResult& result, ServerRow server,
                            std::optional<Instant> as_of, int success_status) {
  if (!add_watermark(server, as_of)) {
    return accepted_answer(write, result);
  }
  return with_terms(server_answer(success_status, server, as_of.value_or(server.updated_at)), write,
                    result);
}

/// Whether another command ended the server before what this one began had settled; as far as that
/// can be read.
bool ServerCommands::is_superseded(const WriteResult& result) {
  if (result.operation.type == command_type(Action(Terminate{}))) {
    return false;
  }
  const auto settled = read_side_.read(
      [&](read_model::Transaction& tx) { return read_model::find_settled(tx, result.operation); });
  return settled && *settled && (*settled)->superseded;
}

/// The operation to wait for until the server has settled: a DELETE that found the server
/// TERMINATING already has begun nothing itself.
WriteResult ServerCommands::what_ends(const WriteResult& result) {
  if (outcome_of(result.operation) == OutcomeKind::succeeded) {
    return result;
  }
  auto terminating = read_side_.read([&](read_model::Transaction& tx) {
    return read_model::find_termination(tx, result.operation.server_id);
  });
  return terminating && *terminating ? WriteResult{std::move(**terminating), false} : result;
}

/// Adds how far the region has been billed, which its event does not hold, and which counts for a
/// period that has run on. Never beyond `as_of`. False when that cannot be read.
bool ServerCommands::add_watermark(ServerRow& server, std::optional<Instant> as_of) {
  const bool runs_on = server.bill.open_since && *server.bill.open_since < server.updated_at;
  if (!runs_on || server.billed_through) {
    return true;
  }
  const auto watermarks = read_side_.read(read_model::billing_watermarks);
  if (!watermarks) {
    return false;
  }
  if (const auto found = watermarks->find(server.region); found != watermarks->end()) {
    server.billed_through = as_of ? std::min(found->second, *as_of) : found->second;
  }
  return true;
}

Reply<read_model::RegionRow> ServerCommands::region_row(const Region& region) {
  const auto regions = read_side_.read(read_model::list_regions);
  if (!regions) {
    return tl::unexpected(regions.error());
  }
  for (const auto& row : *regions) {
    if (row.name == region.name) {
      return row;
    }
  }
  return read_model::RegionRow{region.name, 0, 0};
}

}  // namespace vsim::api
