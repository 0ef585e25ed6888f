#include "api/server_commands.h"

#include <thread>

#include "api/answers.h"
#include "api/backoff.h"
#include "schema/http/documents.h"
#include "schema/http/write_requests.h"
#include "schema/messages/request_hash.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/billing.h"
#include "schema/read_model/regions.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
using http::Problem;
using http::ProblemCode;
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

bool is_ending(const std::optional<ServerRow>& server) {
  const auto status = server ? status_from(server->status) : std::nullopt;
  return status == Status::terminating || status == Status::terminated;
}

Write server_write(const Call& call, const WriteTerms& terms, const Region& region,
                   const ServerId& server, const Action& action, std::string_view path) {
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
  submission.request_hash = messages::request_hash(
      call.request.method, path,
      is_create ? region.name + "\n" + submission.payload : submission.payload, terms.match);
  submission.request_id = call.request_id;
  submission.actor = call.actor;
  submission.only_at = terms.only_at;
  submission.match = terms.match;
  return write;
}

}  // namespace

Answer ServerCommands::create(const Call& call) {
  const auto terms = read_write_terms(call.request, WriteTo::new_server);
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
  const auto terms = read_write_terms(call.request, WriteTo::server);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto server = locate(*id);
  if (!server) {
    return tl::unexpected(server.error());
  }
  if (terms->unmatchable) {
    return tl::unexpected(*terms->unmatchable);
  }
  const std::string path = "/servers/" + id->to_string() + std::string(path_end);
  Write write = server_write(call, *terms, Region{server->region}, *id, action, path);
  add_version_of_older_builds(write.submission.only_at, *server);
  const auto result = gateway_.carry_out(write.submission, terms->preferences.patience());
  if (!result) {
    return tl::unexpected(result.error());
  }
  return answer(write, *result, 200);
}

/// The server as the read models have it, else as the streams do.
Reply<ServerRow> ServerCommands::locate(const ServerId& id) {
  auto server =
      read_side_.read([&](read_model::Transaction& tx) { return read_model::find_server(tx, id); });
  if (server && *server) {
    return std::move(**server);
  }
  auto streamed = log_side_.find_server(id);
  if (!streamed) {
    return tl::unexpected(streamed.error());
  }
  if (streamed->logged) {
    return std::move(*streamed->logged);
  }
  if (streamed->queued_create) {
    return tl::unexpected(Problem{ProblemCode::operation_in_progress,
                                  "the server is being created; wait for that and try again",
                                  streamed->queued_create->id.to_string()});
  }
  return tl::unexpected(no_such_server(id));
}

Answer ServerCommands::extend_pool(const Call& call) {
  const auto terms = read_write_terms(call.request, WriteTo::fleet);
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
  const Write write =
      write_to(call, *terms, "extend_pool", *region, messages::pool_command(*region),
               messages::pool_events(*region), messages::encode_extend_pool(*ranges),
               "/regions/" + region->name + "/addresses");
  const auto result = gateway_.carry_out(write.submission, terms->preferences.patience());
  if (!result) {
    return tl::unexpected(result.error());
  }
  return answer(write, *result, 200);
}

// ---- answers

Answer ServerCommands::answer(const Write& write, const Result& result, int success_status) {
  if (const auto* pending = std::get_if<Pending>(&result)) {
    return accepted_answer(write, *pending);
  }
  const auto& decided = std::get<Decided>(result);
  if (decided.operation.status == to_string(OutcomeKind::succeeded)) {
    return answer_success(write, decided, success_status);
  }
  return answer_rejection(write, decided);
}

Answer ServerCommands::answer_success(const Write& write, const Decided& decided,
                                      int success_status) {
  if (write.server_id.empty()) {
    const auto region = region_row(write.region);
    if (!region) {
      return accepted_answer(write, decided);  // it is done, and cannot be shown
    }
    return with_terms(json_answer(success_status, http::render_region(*region)), write, decided);
  }
  std::optional<ServerRow> server = decided.server;
  std::optional<Instant> as_of = decided.operation.decided_at;  // so that repeats say the same
  Backoff backoff(5ms, 100ms);
  while (server && write.terms.until_settled && !is_settled(*server)) {
    if (std::chrono::steady_clock::now() >= write.terms.deadline || stopping_()) {
      return accepted_answer(write, what_ends(decided));
    }
    std::this_thread::sleep_for(backoff.next());
    const ServerId id{*Uuid::parse(write.server_id)};
    const auto again = read_side_.read(
        [&](read_model::Transaction& tx) { return read_model::find_server(tx, id); });
    server = again && *again ? *again : server;
    as_of.reset();
    if (is_ending(server) && is_superseded(decided)) {
      return superseded_answer(write, decided);
    }
  }
  if (!server || !add_watermark(*server, as_of)) {
    return accepted_answer(write, decided);
  }
  // What has settled is shown as of its last change: more may be under way.
  return with_terms(server_answer(success_status, *server, as_of.value_or(server->updated_at)),
                    write, decided);
}

/// Whether another command ended the server before what this one began had settled; as far as that
/// can be read.
bool ServerCommands::is_superseded(const Decided& decided) {
  if (decided.operation.type == command_type(Action(Terminate{}))) {
    return false;
  }
  const auto settled = read_side_.read(
      [&](read_model::Transaction& tx) { return read_model::find_settled(tx, decided.operation); });
  return settled && *settled && (*settled)->superseded;
}

/// The operation to wait for until the server has settled: a DELETE that found the server
/// TERMINATING already has begun nothing itself.
Decided ServerCommands::what_ends(const Decided& decided) {
  if (decided.operation.status == to_string(OutcomeKind::succeeded)) {
    return decided;
  }
  auto terminating = read_side_.read([&](read_model::Transaction& tx) {
    return read_model::find_termination(tx, decided.operation.server_id);
  });
  return terminating && *terminating ? Decided{std::move(**terminating), false} : decided;
}

/// An event does not tell how far its region has been billed, which counts for a period that has
/// run on. Never beyond `as_of`. False when that cannot be read.
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

Answer ServerCommands::answer_rejection(const Write& write, const Decided& decided) {
  // A DELETE may be repeated: what it asks for is so.
  if (write.call.request.method == "DELETE" && is_ending(decided.server) &&
      decided.operation.code == to_string(RejectionCode::invalid_transition)) {
    return answer_success(write, decided, 200);
  }
  return refused_answer(write, decided);
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
