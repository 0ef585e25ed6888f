#pragma once

// Inside: why a warm pool's server is not acquired, released or retired. Pure; any thread may call.

#include <optional>

#include "domain/rejection.h"
#include "domain/server.h"

namespace vsim {

std::optional<Rejection> refusal_of(const Acquire& acquire, const Server& server);
std::optional<Rejection> refusal_of(const Release& release, const Server& server);
std::optional<Rejection> refusal_of(const Retire& retire, const Server& server);

}  // namespace vsim
