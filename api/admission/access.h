#pragma once

// Who sends a request, and whether it may: the key in the header Authorization (RFC 6750), and the
// role that a route needs. D31

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "api/admission/key_ring.h"
#include "api/connections/http_message.h"
#include "ops/telemetry/metrics.h"
#include "schema/http/problem.h"

namespace vsim::api {

/// A sender that is known, or any sender while keys are off.
struct Caller {
  std::string name = "api";  // of the key; what events name as their actor
  http::Role role = http::Role::operator_;
  bool has_key = false;
  std::string account = std::string(default_account);
};

/// Whose servers, commands and bills a request is about. D94
struct Scope {
  std::optional<std::string> only = {};  // of this account alone; none: of all, as operators see
  std::string own = std::string(default_account);  // of what it creates and of Idempotency-Keys

  bool sees(std::string_view account) const { return !only || *only == account; }
};

/// Who sent a request, as far as its key shows it.
struct Identity {
  bool key_given = false;                                         // also one that does not hold
  std::optional<Caller> caller;                                   // none: no key that holds
  bool is_anybody() const { return caller && !caller->has_key; }  // keys are off
  std::string_view key_name() const {
    return caller && caller->has_key ? std::string_view(caller->name) : std::string_view();
  }
};

/// Any thread.
class Access {
 public:
  /// The keys and the metrics outlive it.
  Access(const KeyRing& keys, telemetry::Metrics& metrics);

  /// Whose key the request bears. While keys are off, every sender has all roles.
  Identity identify(const HttpRequest& request) const;

  /// Nothing for a caller that has the role or a greater one; for others a 401, or a 403 that names
  /// the role. `what` is what needs it. Counts the refusal.
  std::optional<http::Problem> refusal(const Identity& who, http::Role role,
                                       std::string_view what) const;

  /// What the caller sees and acts for: of a reader and a caller its own account; of an operator
  /// all, or the one of ?account=, which others may give for their own. The caller is known.
  tl::expected<Scope, http::Problem> scope_of(const HttpRequest& request,
                                              const Identity& who) const;

 private:
  const KeyRing& keys_;
  telemetry::Counter without_key_;
  telemetry::Counter with_unknown_key_;
  telemetry::Counter with_lesser_role_;
};

}  // namespace vsim::api
