#include "api/ec2/instance_state.h"

#include <cstdlib>

#include "schema/messages/instant_text.h"

namespace vsim::ec2 {
namespace {

constexpr InstanceState pending{0, "pending"};
constexpr InstanceState running{16, "running"};
constexpr InstanceState shutting_down{32, "shutting-down"};
constexpr InstanceState terminated{48, "terminated"};
constexpr InstanceState stopping{64, "stopping"};
constexpr InstanceState stopped{80, "stopped"};

StateReason reason(std::string code, std::string_view words) {
  std::string message = code + ": " + std::string(words);
  return {std::move(code), std::move(message)};
}

StateReason users_shutdown() {
  return reason("Client.UserInitiatedShutdown", "User initiated shutdown");
}

StateReason failure_reason(const std::optional<Failure>& failure) {
  return reason("Server.InternalError",
                failure && !failure->detail.empty() ? failure->detail : "Internal error on launch");
}

StateReason termination_reason_of(const read_model::ServerRow& server) {
  const auto why = termination_reason_from(server.termination_reason.value_or(""));
  switch (why.value_or(TerminationReason::user)) {
    case TerminationReason::user:
      return users_shutdown();
    case TerminationReason::idle_timeout:
      return reason("Server.IdleTimeout", "Stopped for longer than the idle timeout");
    case TerminationReason::forced:
      return reason("Server.ForcedTermination", "Terminated by an operator");
    case TerminationReason::launch_failure:
      return failure_reason(server.failure);
    case TerminationReason::interruption:
      return reason("Server.SpotInstanceTermination", "Spot instance termination");
    case TerminationReason::lease_expired:
      return reason("Server.LeaseExpired", "The end of its lease has come");
    case TerminationReason::released:
      return reason("Client.ServerReleased", "Given back to its warm pool");
    case TerminationReason::retired:
      return reason("Server.RetiredFromPool", "Its warm pool has no need of it");
  }
  std::abort();
}

}  // namespace

InstanceState state_of(Status status) {
  switch (status) {
    case Status::pending:
      return pending;
    case Status::running:
    case Status::rebooting:
      return running;
    case Status::stopping:
      return stopping;
    case Status::stopped:
    case Status::failed:
      return stopped;
    case Status::terminating:
      return shutting_down;
    case Status::terminated:
      return terminated;
  }
  std::abort();
}

Element state_element(std::string_view name, InstanceState state) {
  Element element(name);
  element.number("code", state.code).text("name", state.name);
  return element;
}

std::vector<Status> statuses_in(std::string_view state_name) {
  std::vector<Status> statuses;
  for (std::size_t i = 0; i < status_count; ++i) {
    if (state_of(static_cast<Status>(i)).name == state_name) {
      statuses.push_back(static_cast<Status>(i));
    }
  }
  return statuses;
}

std::optional<StateReason> state_reason_of(const read_model::ServerRow& server) {
  const auto status = status_from(server.status);
  switch (status.value_or(Status::pending)) {
    case Status::pending:
    case Status::running:
    case Status::rebooting:
      return std::nullopt;
    case Status::stopping:
    case Status::terminating:
      return users_shutdown();
    case Status::stopped:
      return server.failure ? failure_reason(server.failure) : users_shutdown();
    case Status::failed:
      return failure_reason(server.failure);
    case Status::terminated:
      return termination_reason_of(server);
  }
  std::abort();
}

std::string transition_reason_of(const read_model::ServerRow& server) {
  const auto why = state_reason_of(server);
  if (!why || why->code != users_shutdown().code) {
    return "";
  }
  std::string at = messages::format_instant(server.updated_at);  // 2026-11-25T21:34:50.000Z
  at[10] = ' ';
  return "User initiated (" + at.substr(0, 19) + " GMT)";
}

}  // namespace vsim::ec2
