// Bodies of writes: what is read keeps the limits, and the command that is published for it says
// the same.

#include <string_view>

#include "schema/http/write_requests.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/faults_codec.h"
#include "schema/messages/pool_codec.h"
#include "schema/messages/region_codec.h"
#include "schema/messages/subjects.h"
#include "schema/messages/warm_pool_codec.h"
#include "tests/fuzz/property.h"

namespace {

using namespace vsim;
using fuzz::must_hold;

void check_create(std::string_view body) {
  const auto request = http::read_create_request(body);
  if (!request) {
    return must_hold(!request.error().empty(), "a refusal says why");
  }
  must_hold(Region::parse(request->region.name).has_value(), "a region has a region's name");
  const auto queued = messages::read_create(messages::encode_action(request->create));
  must_hold(queued && *queued == request->create, "what is published is what was asked for");
}

void check_clock(std::string_view body) {
  const auto action = http::read_clock_request(body);
  if (!action) {
    return must_hold(!action.error().empty(), "a refusal says why");
  }
  must_hold(!out_of_range(*action), "a change of the clock is in range");
}

void check_lease(std::string_view body) {
  const auto extension = http::read_lease_request(body);
  if (!extension) {
    return must_hold(!extension.error().empty(), "a refusal says why");
  }
  const auto queued = messages::read_extend_lease(messages::encode_action(*extension));
  must_hold(queued && *queued == *extension, "what is published is what was asked for");
}

void check_faults(std::string_view body) {
  const auto set = http::read_faults_request(body);
  if (!set) {
    return must_hold(!set.error().empty(), "a refusal says why");
  }
  eventstore::Message message;
  message.subject = std::string(messages::faults_command_subject);
  message.payload = messages::encode_faults_action(*set);
  const auto decoded = messages::decode_command(message);
  must_hold(decoded && decoded->complaint.empty(), "what is published is no mistake of a person");
  must_hold(std::get<FaultsCommand>(decoded->command).action == FaultsAction(*set),
            "what is published is what was asked for");
}

messages::DecodedCommand decoded(std::string subject, std::string payload) {
  eventstore::Message message;
  message.subject = std::move(subject);
  message.payload = std::move(payload);
  auto command = messages::decode_command(message);
  must_hold(command && command->complaint.empty(), "what is published is no mistake of a person");
  return std::move(*command);
}

void check_incident(std::string_view body) {
  const auto incident = messages::read_incident(body);
  if (!incident) {
    return must_hold(!incident.error().empty(), "a refusal says why");
  }
  const auto queued = decoded(messages::region_command(Region{"us-east-1"}),
                              messages::encode_region_action(*incident));
  must_hold(std::get<RegionCommand>(queued.command).action == RegionAction(*incident),
            "what is published is what was asked for");
}

void check_acquire(std::string_view body) {
  const auto acquire = http::read_acquire_request(body);
  if (!acquire) {
    return must_hold(!acquire.error().empty(), "a refusal says why");
  }
  const auto queued = messages::read_acquire(messages::encode_action(*acquire));
  must_hold(queued && *queued == *acquire, "what is published is what was asked for");
}

void check_warm_pool(std::string_view body) {
  const auto terms = messages::read_warm_pool_terms(body);
  if (!terms) {
    return must_hold(!terms.error().empty(), "a refusal says why");
  }
  const auto queued = decoded(messages::warm_pool_command({"default", "ci"}),
                              messages::encode_warm_pool_action(SetWarmPool{*terms}));
  must_hold(std::get<WarmPoolCommand>(queued.command).action == WarmPoolAction(SetWarmPool{*terms}),
            "what is published is what was asked for");
}

void check_ranges(std::string_view body) {
  const auto ranges = messages::read_ranges(body);
  if (!ranges) {
    return must_hold(!ranges.error().empty(), "a refusal says why");
  }
  must_hold(!unusable(ranges->front()), "servers can have the addresses");
  const auto queued =
      decoded(messages::pool_command(Region{"us-east-1"}), messages::encode_extend_pool(*ranges));
  must_hold(std::get<ExtendPool>(queued.command).ranges == *ranges,
            "what is published is what was asked for");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  check_create(body);
  check_clock(body);
  check_lease(body);
  check_ranges(body);
  check_faults(body);
  check_incident(body);
  check_acquire(body);
  check_warm_pool(body);
  const auto action = http::read_action_request(body);
  must_hold(!action || !std::holds_alternative<Create>(*action), "an action is no create");
  return 0;
}
