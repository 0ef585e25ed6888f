#include "api/server_queries.h"

#include "api/answers.h"
#include "schema/http/cursor.h"
#include "schema/http/documents.h"
#include "schema/http/entity_tags.h"
#include "schema/http/query_string.h"
#include "schema/messages/instant_text.h"
#include "schema/read_model/regions.h"
#include "schema/read_model/server_events.h"

namespace vsim::api {
namespace {

using http::QueryString;
using read_model::ConnectionPool;

/// A page of servers, as the query string asks for it.
struct PageRequest {
  read_model::ServerFilter filter;
  std::uint64_t limit = servers_limit_default;
  std::uint64_t offset = 0;
  std::optional<read_model::ServerPosition> after;
};

tl::expected<PageRequest, std::string> read_page_request(const QueryString& query) {
  auto status = read_status(query);
  if (!status) {
    return tl::unexpected(status.error());
  }
  PageRequest page;
  page.filter = {.region = value_of(query, "region"),
                 .status = std::move(*status),
                 .type = value_of(query, "type"),
                 .name = value_of(query, "name"),
                 .tags = query.tags()};
  const auto limit = query.number("limit", 1, limit_max, servers_limit_default);
  if (!limit) {
    return tl::unexpected(limit.error());
  }
  const auto offset = query.number("offset", 0, servers_offset_max, 0);
  if (!offset) {
    return tl::unexpected(offset.error() + ", or go on with cursor");
  }
  page.limit = *limit;
  page.offset = *offset;
  if (const std::string* cursor = query.find("cursor")) {
    if (query.find("offset") != nullptr) {
      return tl::unexpected<std::string>("cursor and offset are both given; give one of them");
    }
    page.after = http::decode_cursor(*cursor);
    if (!page.after) {
      return tl::unexpected<std::string>(
          "cursor was not made by this API; give next_cursor of the page before");
    }
  }
  return page;
}

}  // namespace

Answer ServerQueries::list(const Call& call) {
  const auto query = read_query(
      call, {"account", "region", "status", "type", "name", "tag.", "limit", "offset", "cursor"});
  if (!query) {
    return tl::unexpected(query.error());
  }
  auto page = read_page_request(*query);
  if (!page) {
    return tl::unexpected(invalid(page.error()));
  }
  page->filter.account = call.scope.only;
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const Instant live = applied_.live_now();
  const auto servers = read_side_.look_up([&](ConnectionPool& pool) {
    return read_model::list_servers(pool, page->filter, static_cast<std::uint32_t>(page->limit),
                                    page->offset, page->after);
  });
  if (!servers) {
    return tl::unexpected(servers.error());
  }
  return json_answer(200, http::render_server_page(*servers, page->limit, page->offset, live));
}

Answer ServerQueries::get(const Call& call) {
  const auto id = read_server_id(call.parameter);
  if (!id) {
    return tl::unexpected(id.error());
  }
  const auto query = read_query(call, {"account", "at"});
  if (!query) {
    return tl::unexpected(query.error());
  }
  const auto known = read_known_tags(call.request);
  if (!known) {
    return tl::unexpected(known.error());
  }
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto at = read_past(*query, clock_);
  if (!at) {
    return tl::unexpected(at.error());
  }
  auto answer = *at ? show_at(*id, call.scope, **at) : show(*id, call.scope);
  return answer ? unless_known(std::move(*answer), *known) : answer;
}

/// From the log: the read models hold servers as they are now.
Answer ServerQueries::show_at(const ServerId& id, const Scope& scope, Instant at) {
  const auto server = log_side_.find_server_at(id, at);
  if (!server) {
    return tl::unexpected(server.error());
  }
  if (*server && scope.sees((*server)->account)) {
    return json_answer(200, http::render_server(**server, at));
  }
  if (auto present = show(id, scope); !present) {
    return present;
  }
  return tl::unexpected(http::Problem{.code = http::ProblemCode::not_found,
                                      .detail = "server " + id.to_string() + " did not exist at " +
                                                messages::format_instant(at) +
                                                ": it was created later; give a later time"});
}

/// A server that is not in the scope is looked for like one that is nowhere.
Answer ServerQueries::show(const ServerId& id, const Scope& scope) {
  const Instant live = applied_.live_now();
  const auto server =
      read_side_.look_up([&](ConnectionPool& pool) { return read_model::find_server(pool, id); });
  if (!server) {
    return tl::unexpected(server.error());
  }
  if (*server && scope.sees((*server)->account)) {
    return shown_server(**server, live);
  }
  return show_from_streams(id, scope, live);
}

Answer ServerQueries::show_from_streams(const ServerId& id, const Scope& scope, Instant live) {
  const auto found = log_side_.find_server(id, scope);
  if (!found) {
    return tl::unexpected(found.error());
  }
  if (found->logged) {
    return shown_server(*found->logged, live);
  }
  if (found->queued_create) {
    const WaitingCommand& queued = *found->queued_create;
    return json_answer(
        200, http::render_queued_server({id.to_string(), queued.region.name,
                                         std::string(account_of_create(queued)), *queued.create}));
  }
  return tl::unexpected(no_such_server(id));
}

Answer ServerQueries::logs(const Call& call) {
  const auto id = read_server_id(call.parameter);
  if (!id) {
    return tl::unexpected(id.error());
  }
  const auto query = read_query(call, {"account", "limit", "before"});
  if (!query) {
    return tl::unexpected(query.error());
  }
  const auto limit = query->number("limit", 1, limit_max, logs_limit_default);
  const auto before = query->number("before", 1, INT64_MAX, 0);
  if (!limit || !before) {
    return tl::unexpected(invalid(limit ? before.error() : limit.error()));
  }
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto events = read_side_.look_up([&](ConnectionPool& pool) {
    return read_model::list_server_events(pool, *id, static_cast<std::uint32_t>(*limit), *before,
                                          call.scope.only);
  });
  if (!events) {
    return tl::unexpected(events.error());
  }
  if (events->empty()) {
    // An empty page of a server's log is no error; a log of no server is one.
    if (auto server = show(*id, call.scope); !server) {
      return server;
    }
  }
  return json_answer(200, http::render_server_log(*events));
}

Answer ServerQueries::types(const Call& call) {
  if (const auto query = read_query(call, {}); !query) {
    return tl::unexpected(query.error());
  }
  const auto types = read_side_.read(read_model::list_instance_types);
  if (!types) {
    return tl::unexpected(types.error());
  }
  return json_answer(200, http::render_types(*types));
}

Answer ServerQueries::profiles(const Call& call) {
  if (const auto query = read_query(call, {}); !query) {
    return tl::unexpected(query.error());
  }
  return json_answer(200, http::render_profiles(catalogue_));
}

Answer ServerQueries::profile(const Call& call) {
  if (const auto query = read_query(call, {}); !query) {
    return tl::unexpected(query.error());
  }
  const auto found = catalogue_.profiles.find(std::string(call.parameter));
  if (found == catalogue_.profiles.end()) {
    return tl::unexpected(
        http::Problem{.code = http::ProblemCode::not_found,
                      .detail = "there is no such profile; GET /profiles lists them"});
  }
  return json_answer(200, http::render_profile(found->second, catalogue_));
}

}  // namespace vsim::api
