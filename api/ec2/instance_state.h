#pragma once

// States of instances as EC2 names them, and why one is in it. D79

#include <optional>
#include <string>
#include <string_view>

#include "api/ec2/xml.h"
#include "domain/status.h"
#include "schema/read_model/servers.h"

namespace vsim::ec2 {

struct InstanceState {
  std::uint64_t code;
  std::string_view name;
  bool operator==(const InstanceState&) const = default;
};

/// A server that is REBOOTING is running. One that FAILED is stopped, since a start tries again.
InstanceState state_of(Status status);
Element state_element(std::string_view name, InstanceState state);

/// The statuses whose state has a name or a code that fits; for a filter of a query.
std::vector<Status> statuses_in(std::string_view state_name);

struct StateReason {
  std::string code;     // "Client.UserInitiatedShutdown"
  std::string message;  // "Client.UserInitiatedShutdown: User initiated shutdown"
};
/// None while it is pending or running.
std::optional<StateReason> state_reason_of(const read_model::ServerRow& server);

/// "User initiated (2026-11-25 21:34:50 GMT)" after a user's stop or terminate, else empty.
std::string transition_reason_of(const read_model::ServerRow& server);

}  // namespace vsim::ec2
