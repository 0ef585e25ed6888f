#include "api/server_commands.h"

#include <thread>

#include "api/answers.h"
#include "api/backoff.h"
#include "schema/http/documents.h"
#include "schema/http/sequence_token.h"
#include "schema/http/write_requests.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/regions.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using http::Problem;
using http::ProblemCode;
using read_model::OperationRow;
using read_model::ServerRow;

std::string names_of(const auto& things, auto&& name) {
  std::string names;
  for (const auto& thing : things) {
    names += (names.empty() ? "" : ", ") + std::string(name(thing));
  }
  return names;
}

Problem unknown_region(const Catalogue& catalogue, const Region& region) {
  return {ProblemCode::unknown_region,
          "there is no region \"" + region.name + "\"; there are " +
              names_of(catalogue.regions, [](const auto& one) { return one.first.name; })};
}

/// Refuses here what a worker would refuse anyway, so that nothing is appended for it.
std::optional<Problem> find_unknown(const Catalogue& catalogue,
                                    const http::CreateRequest& request) {
  const auto first = [](const auto& one) { return one.first; };
  const Create& create = request.create;
  if (!catalogue.regions.contains(request.region)) {
    return unknown_region(catalogue, request.region);
  }
  if (!catalogue.instance_types.contains(create.instance_type)) {
    return Problem{ProblemCode::unknown_type, "there is no type \"" + create.instance_type +
                                                  "\"; there are " +
                                                  names_of(catalogue.instance_types, first)};
  }
  if (!create.profile.empty() && !catalogue.profiles.contains(create.profile)) {
    return Problem{ProblemCode::unknown_profile, "there is no profile \"" + create.profile +
                                                     "\"; there are " +
                                                     names_of(catalogue.profiles, first)};
  }
  return std::nullopt;
}

bool is_settled(const ServerRow& server) {
  const auto status = status_from(server.status);
  return status == Status::running || status == Status::stopped || status == Status::terminated;
}

bool is_ending(const std::optional<ServerRow>& server) {
  const auto status = server ? status_from(server->status) : std::nullopt;
  return status == Status::terminating || status == Status::terminated;
}

std::string sequence_of(const OperationRow& operation) {
  if (operation.event_sequence > 0) {
    return http::encode_sequence({std::string(messages::events_stream), operation.event_sequence});
  }
  return http::encode_sequence(
      {std::string(messages::commands_stream), operation.command_sequence});
}

HttpResponse with_terms(HttpResponse response, const WriteTerms& terms,
                        const OperationRow& operation) {
  response.add("Vsim-Sequence", sequence_of(operation));
  if (const std::string applied = terms.preferences.applied(); !applied.empty()) {
    response.add("Preference-Applied", applied);
  }
  return response;
}

}  // namespace

ServerCommands::Write ServerCommands::server_write(const Call& call, const WriteTerms& terms,
                                                   const Region& region, const ServerId& server,
                                                   const Action& action,
                                                   std::string_view path) const {
  Write write{call, terms, std::string(command_type(action)), region, server.to_string(), {}};
  Submission& submission = write.submission;
  submission.id = terms.id;
  submission.keyed = terms.keyed;
  submission.subject = messages::server_command(region, server);
  submission.waiting_filter = messages::any_command_of(server);
  submission.events_filter = messages::any_events_of(server);
  submission.payload = messages::encode_action(action);
  // A create's region stands in its subject, not in its payload.
  const bool is_create = std::holds_alternative<Create>(action);
  submission.request_hash =
      http::request_hash(call.request.method, path,
                         is_create ? region.name + "\n" + submission.payload : submission.payload);
  submission.request_id = call.request_id;
  return write;
}

Answer ServerCommands::create(const Call& call) {
  const auto terms = read_write_terms(call.request, true);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto request = http::read_create_request(call.request.body);
  if (!request) {
    return tl::unexpected(invalid(request.error()));
  }
  if (auto unknown = find_unknown(catalogue_, *request)) {
    return tl::unexpected(std::move(*unknown));
  }
  const ServerId server = messages::server_id_of_create(terms->id);
  const Write write =
      server_write(call, *terms, request->region, server, Action(request->create), "/servers");
  const auto result = gateway_.carry_out(write.submission, terms->preferences.patience());
  if (!result) {
    return tl::unexpected(result.error());
  }
  auto created = answer(write, *result, 201);
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

Answer ServerCommands::act_on(const Call& call, const Action& action, std::string_view path_end) {
  const auto id = read_server_id(call.parameter);
  if (!id) {
    return tl::unexpected(id.error());
  }
  const auto terms = read_write_terms(call.request, true);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto region = locate(*id);
  if (!region) {
    return tl::unexpected(region.error());
  }
  const std::string path = "/servers/" + id->to_string() + std::string(path_end);
  const Write write = server_write(call, *terms, *region, *id, action, path);
  const auto result = gateway_.carry_out(write.submission, terms->preferences.patience());
  if (!result) {
    return tl::unexpected(result.error());
  }
  return answer(write, *result, 200);
}

/// The region of a server: as the read models have it, else as the streams do.
Reply<Region> ServerCommands::locate(const ServerId& id) {
  const auto server =
      read_side_.read([&](read_model::Transaction& tx) { return read_model::find_server(tx, id); });
  if (server && *server) {
    return Region{(*server)->region};
  }
  const auto waiting = log_side_.find_waiting(messages::any_command_of(id));
  if (!waiting) {
    return tl::unexpected(waiting.error());
  }
  const auto logged = log_side_.find_server(id);
  if (!logged) {
    return tl::unexpected(logged.error());
  }
  if (*logged) {
    return Region{(*logged)->region};
  }
  if (*waiting && (*waiting)->create) {
    return tl::unexpected(Problem{ProblemCode::operation_in_progress,
                                  "the server is being created; wait for that and try again",
                                  (*waiting)->id.to_string()});
  }
  return tl::unexpected(no_such_server(id));
}

Answer ServerCommands::extend_pool(const Call& call) {
  const auto terms = read_write_terms(call.request, false);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto region = Region::parse(call.parameter);
  if (!region) {
    return tl::unexpected(invalid("the path's region is no region's name, such as us-east-1"));
  }
  if (!catalogue_.regions.contains(*region)) {
    return tl::unexpected(unknown_region(catalogue_, *region));
  }
  const auto ranges = messages::read_ranges(call.request.body);
  if (!ranges) {
    return tl::unexpected(invalid("the body is wrong: " + ranges.error()));
  }
  Write write{call, *terms, "extend_pool", *region, {}, {}};
  Submission& submission = write.submission;
  submission.id = terms->id;
  submission.keyed = terms->keyed;
  submission.subject = submission.waiting_filter = messages::pool_command(*region);
  submission.events_filter = messages::pool_events(*region);
  submission.payload = messages::encode_extend_pool(*ranges);
  submission.request_hash = http::request_hash(
      call.request.method, "/regions/" + region->name + "/addresses", submission.payload);
  submission.request_id = call.request_id;
  const auto result = gateway_.carry_out(submission, terms->preferences.patience());
  if (!result) {
    return tl::unexpected(result.error());
  }
  return answer(write, *result, 200);
}

// ---- answers

Answer ServerCommands::answer(const Write& write, const Result& result, int success_status) {
  if (const auto* pending = std::get_if<Pending>(&result)) {
    OperationRow operation;
    operation.id = write.submission.id.to_string();
    operation.type = write.type;
    operation.region = write.region.name;
    operation.server_id = write.server_id;
    operation.status = "PENDING";
    operation.actor = "api";
    operation.correlation_id = write.submission.request_id;
    operation.command_sequence = pending->sequence;
    return answer_accepted(write, operation);
  }
  const auto& decided = std::get<read_model::OperationWithServer>(result);
  if (decided.operation.status == to_string(OutcomeKind::succeeded)) {
    return answer_success(write, decided, success_status);
  }
  return answer_rejection(write, decided);
}

Answer ServerCommands::answer_success(const Write& write,
                                      const read_model::OperationWithServer& decided,
                                      int success_status) {
  if (write.server_id.empty()) {
    const auto region = region_row(write.region);
    if (!region) {
      return tl::unexpected(region.error());
    }
    return with_terms(json_answer(success_status, http::render_region(*region)), write.terms,
                      decided.operation);
  }
  std::optional<ServerRow> server = decided.server;
  Backoff backoff(5ms, 100ms);
  while (server && write.terms.until_settled && !is_settled(*server)) {
    if (std::chrono::steady_clock::now() >= write.terms.deadline || stopping_()) {
      return answer_accepted(write, decided.operation);
    }
    std::this_thread::sleep_for(backoff.next());
    const ServerId id{*Uuid::parse(write.server_id)};
    const auto again = read_side_.read(
        [&](read_model::Transaction& tx) { return read_model::find_server(tx, id); });
    server = again && *again ? *again : server;
  }
  if (!server) {
    return answer_accepted(write, decided.operation);
  }
  return with_terms(json_answer(success_status, http::render_server(*server, clock_.now())),
                    write.terms, decided.operation);
}

Answer ServerCommands::answer_rejection(const Write& write,
                                        const read_model::OperationWithServer& decided) {
  const OperationRow& operation = decided.operation;
  // A DELETE may be repeated: what it asks for is so.
  if (write.call.request.method == "DELETE" && is_ending(decided.server) &&
      operation.code == to_string(RejectionCode::invalid_transition)) {
    return answer_success(write, decided, 200);
  }
  Problem problem{ProblemCode::unavailable, operation.detail, operation.id};
  if (operation.status == to_string(OutcomeKind::rejected)) {
    problem.code =
        http::problem_code_from(operation.code).value_or(ProblemCode::invalid_transition);
  } else if (operation.status == to_string(OutcomeKind::purged)) {
    problem.code = ProblemCode::purged;
    problem.detail =
        "an operator removed the command from the queue; send it again if it is wanted";
  } else {
    problem.retry_after_seconds = 30;
    problem.detail =
        "the command could not be handled and was put aside for an operator: " + operation.detail;
  }
  return with_terms(problem_answer(problem, write.call.request_id), write.terms, operation);
}

HttpResponse ServerCommands::answer_accepted(const Write& write,
                                             const OperationRow& operation) const {
  HttpResponse response = json_answer(202, http::render_operation(operation));
  response.add("Location", "/operations/" + operation.id);
  return with_terms(std::move(response), write.terms, operation);
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
