#include "api/operations.h"

#include <algorithm>
#include <array>

#include "api/answers.h"
#include "api/log_side.h"
#include "eventstore/direct_get.h"
#include "schema/http/documents.h"
#include "schema/http/query_string.h"
#include "schema/messages/subjects.h"
#include "schema/read_model/operations.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;
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
  const auto before = query.number("before", 1, INT64_MAX, 0);
  if (!limit || !before) {
    return tl::unexpected(limit ? before.error() : limit.error());
  }
  list.limit = *limit;
  list.before = *before;
  return list;
}

}  // namespace

Answer Operations::list(const Call& call) {
  const auto query = http::QueryString::parse(call.request.query);
  if (!query) {
    return tl::unexpected(invalid(query.error()));
  }
  if (const auto complaint =
          query->complaint_unless({"status", "server_id", "region", "limit", "before"})) {
    return tl::unexpected(invalid(*complaint));
  }
  const auto request = read_list_request(*query);
  if (!request) {
    return tl::unexpected(invalid(request.error()));
  }
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
  const auto id = Uuid::parse(call.parameter);
  if (!id) {
    return tl::unexpected(invalid("the path's id is no UUID; give an operation's id"));
  }
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto find = [&](Transaction& tx) { return read_model::find_operation(tx, CommandId{*id}); };
  auto found = read_side_.read(find);
  if (found && !*found) {
    // It may have been accepted a moment ago: what is stored by now must be projected before a 404.
    const auto stored =
        eventstore::last_stream_sequence(broker_, std::string(messages::commands_stream));
    if (!stored) {
      return tl::unexpected(problem_of(stored.error()));
    }
    read_side_.wait_for_journal(*stored, journal_patience);
    found = read_side_.read(find);
  }
  if (!found) {
    return tl::unexpected(found.error());
  }
  if (!*found) {
    return tl::unexpected(
        http::Problem{http::ProblemCode::not_found, "there is no operation " + id->to_string()});
  }
  return json_answer(200, http::render_operation((*found)->operation));
}

}  // namespace vsim::api
