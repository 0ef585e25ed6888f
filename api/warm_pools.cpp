#include "api/warm_pools.h"

#include "api/answers.h"
#include "api/server_queries.h"
#include "api/write_answers.h"
#include "schema/http/write_requests.h"
#include "schema/messages/subjects.h"
#include "schema/messages/warm_pool_codec.h"

namespace vsim::api {

using http::Problem;
using http::ProblemCode;
using read_model::WarmPoolRow;

Reply<WarmPoolId> read_warm_pool(const Call& call) {
  if (!is_warm_pool_name(call.parameter)) {
    return tl::unexpected(
        invalid("the path's name is no warm pool's; give 1 to 40 lower-case letters, digits and "
                "inner dashes"));
  }
  return WarmPoolId{call.scope.only.value_or(call.scope.own), std::string(call.parameter)};
}

Problem no_such_warm_pool(const WarmPoolId& pool) {
  return {.code = ProblemCode::not_found,
          .detail = "there is no warm pool " + pool.name + "; GET /warm-pools lists them"};
}

Answer WarmPools::set(const Call& call) {
  const auto terms = read_write_terms(call, WriteTarget::warm_pool);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto pool = read_warm_pool(call);
  if (!pool) {
    return tl::unexpected(pool.error());
  }
  const auto asked = messages::read_warm_pool_terms(call.request.body);
  if (!asked) {
    return tl::unexpected(invalid("the body is wrong: " + asked.error()));
  }
  if (auto unknown =
          find_unknown(catalogue_, asked->region, asked->instance_type, asked->profile)) {
    return tl::unexpected(std::move(*unknown));
  }
  return submit(call, *terms, *pool, SetWarmPool{*asked});
}

Answer WarmPools::drain(const Call& call) {
  const auto terms = read_write_terms(call, WriteTarget::warm_pool);
  if (!terms) {
    return tl::unexpected(terms.error());
  }
  const auto pool = read_warm_pool(call);
  if (!pool) {
    return tl::unexpected(pool.error());
  }
  return submit(call, *terms, *pool, DrainWarmPool{});
}

/// Answers with the pool as it is now: what it holds changes from moment to moment.
Answer WarmPools::submit(const Call& call, const WriteTerms& terms, const WarmPoolId& pool,
                         const WarmPoolAction& action) {
  const Write write = make_write(call,
                                 {.terms = terms,
                                  .region = Region{messages::warm_pool_region(pool)},
                                  .type = std::string(command_type(action)),
                                  .payload = messages::encode_warm_pool_action(action),
                                  .account = pool.account},
                                 "/warm-pools/" + pool.name);
  const auto result = gateway_.carry_out(write, write.terms.preferences.patience());
  if (!result) {
    return tl::unexpected(result.error());
  }
  if (auto without = answer_without_success(write, *result)) {
    return std::move(*without);
  }
  const auto row = read_side_.read(
      [&](read_model::Transaction& tx) { return read_model::find_former_warm_pool(tx, pool); });
  if (!row || !*row) {
    return accepted_answer(write, *result);  // it is done, and cannot be shown
  }
  return with_terms(json_answer(200, http::render_warm_pool(view_of(**row))), write, *result);
}

Answer WarmPools::get(const Call& call) {
  const auto pool = read_warm_pool(call);
  if (!pool) {
    return tl::unexpected(pool.error());
  }
  if (const auto query = read_query(call, {"account"}); !query) {
    return tl::unexpected(query.error());
  }
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto row = find(*pool);
  if (!row) {
    return tl::unexpected(row.error());
  }
  if (!*row) {
    return tl::unexpected(no_such_warm_pool(*pool));
  }
  return json_answer(200, http::render_warm_pool(view_of(**row)));
}

Answer WarmPools::list(const Call& call) {
  const auto query = read_query(call, {"account", "limit", "after"});
  if (!query) {
    return tl::unexpected(query.error());
  }
  const auto limit = query->number("limit", 1, limit_max, warm_pools_limit_default);
  if (!limit) {
    return tl::unexpected(invalid(limit.error()));
  }
  std::optional<WarmPoolId> after;
  if (const std::string* text = query->find("after")) {
    after = http::read_warm_pool_position(*text);
    if (!after) {
      return tl::unexpected(
          invalid("after is \"" + *text + "\"; give next_after of the page before"));
    }
  }
  if (auto late = read_side_.wait_for(call.request)) {
    return tl::unexpected(std::move(*late));
  }
  const auto rows = read_side_.read([&](read_model::Transaction& tx) {
    return read_model::list_warm_pools(tx, call.scope.only, after,
                                       static_cast<std::uint32_t>(*limit + 1));
  });
  if (!rows) {
    return tl::unexpected(rows.error());
  }
  std::vector<http::WarmPoolView> pools;
  for (const WarmPoolRow& row : *rows) {
    pools.push_back(view_of(row));
  }
  return json_answer(200, http::render_warm_pool_page(pools, *limit));
}

Reply<std::optional<WarmPoolRow>> WarmPools::find(const WarmPoolId& pool) {
  return read_side_.read(
      [&](read_model::Transaction& tx) { return read_model::find_warm_pool(tx, pool); });
}

http::WarmPoolView WarmPools::view_of(const WarmPoolRow& pool) const {
  const PoolFigures figures = figures_.of(pool.id);
  return {.pool = pool,
          .misses = figures.misses,
          .acquire_p50 = figures.p50,
          .acquire_p99 = figures.p99};
}

}  // namespace vsim::api
