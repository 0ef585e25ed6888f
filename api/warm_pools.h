#pragma once

// Warm pools: set, drained and shown. How servers of them are acquired is in acquisitions.h. D95

#include "api/acquire_figures.h"
#include "api/command_gateway.h"
#include "api/read_side.h"
#include "domain/catalogue.h"
#include "schema/http/documents.h"
#include "schema/read_model/warm_pools.h"

namespace vsim::api {

inline constexpr std::uint64_t warm_pools_limit_default = 50;

/// The pool that a route's path names: of the account that the request is about.
Reply<WarmPoolId> read_warm_pool(const Call& call);
/// 404.
http::Problem no_such_warm_pool(const WarmPoolId& pool);

/// Any thread.
class WarmPools {
 public:
  /// All outlive it.
  WarmPools(const Catalogue& catalogue, CommandGateway& gateway, ReadSide& read_side,
            const AcquireFigures& figures)
      : catalogue_(catalogue), gateway_(gateway), read_side_(read_side), figures_(figures) {}

  Answer set(const Call& call);    // PUT /warm-pools/{name}
  Answer drain(const Call& call);  // DELETE /warm-pools/{name}
  Answer get(const Call& call);    // GET /warm-pools/{name}
  Answer list(const Call& call);   // GET /warm-pools

 private:
  Answer submit(const Call& call, const WriteTerms& terms, const WarmPoolId& pool,
                const WarmPoolAction& action);
  Reply<std::optional<read_model::WarmPoolRow>> find(const WarmPoolId& pool);
  http::WarmPoolView view_of(const read_model::WarmPoolRow& pool) const;

  const Catalogue& catalogue_;
  CommandGateway& gateway_;
  ReadSide& read_side_;
  const AcquireFigures& figures_;
};

}  // namespace vsim::api
