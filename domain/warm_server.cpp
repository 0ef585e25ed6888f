#include "domain/warm_server.h"

#include <string>

namespace vsim {
namespace {

// Why nobody can have it.
std::string unready(const Server& server) {
  if (!server.blueprint.warm) {
    return "is of no warm pool";
  }
  if (server.assignment) {
    return "has been acquired by somebody else";
  }
  if (server.status != Status::running) {
    return "is " + std::string(to_string(server.status));
  }
  return server.interruption_at ? "will be interrupted" : "is impaired";
}

Rejection not_ready(const std::string& asked, const std::string& why) {
  return {RejectionCode::not_ready, "cannot " + asked + ": the server " + why};
}

}  // namespace

std::optional<Rejection> refusal_of(const Acquire& acquire, const Server& server) {
  if (!is_ready(server)) {
    return not_ready("acquire", unready(server));
  }
  const auto& pool = server.blueprint.warm->pool;
  if (acquire.pool && *acquire.pool != pool) {
    return not_ready("acquire", "is of the warm pool " + pool);
  }
  return std::nullopt;
}

std::optional<Rejection> refusal_of(const Release&, const Server& server) {
  if (server.assignment) {
    return std::nullopt;
  }
  return Rejection{RejectionCode::not_assigned,
                   "cannot release: nobody has acquired the server from a warm pool"};
}

std::optional<Rejection> refusal_of(const Retire&, const Server& server) {
  if (server.blueprint.warm && !server.assignment) {
    return std::nullopt;
  }
  return not_ready("retire", unready(server));
}

}  // namespace vsim
