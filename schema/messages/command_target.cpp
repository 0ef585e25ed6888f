#include "schema/messages/command_target.h"

#include "domain/region.h"

namespace vsim::messages {

CommandTarget target_of(const Region& region, const std::optional<ServerId>& server,
                        std::string_view type) {
  using Kind = CommandTarget::Kind;
  if (const auto pool = parse_warm_pool_region(region.name)) {
    return {Kind::warm_pool, region, {}, *pool};
  }
  if (server) {
    return {Kind::server, region, *server};
  }
  if (region.name == clock_region) {
    return {Kind::clock, region, {}};
  }
  if (region.name == faults_region) {
    return {Kind::faults, region, {}};
  }
  return {is_region_command(type) ? Kind::region : Kind::pool, region, {}};
}

std::string command_subject(const CommandTarget& target) {
  switch (target.kind) {
    case CommandTarget::Kind::server:
      return server_command(target.region, target.server);
    case CommandTarget::Kind::pool:
      return pool_command(target.region);
    case CommandTarget::Kind::region:
      return region_command(target.region);
    case CommandTarget::Kind::clock:
      return std::string(clock_command_subject);
    case CommandTarget::Kind::faults:
      return std::string(faults_command_subject);
    case CommandTarget::Kind::warm_pool:
      return warm_pool_command(target.warm_pool);
  }
  return {};
}

std::string outcomes_of(const CommandTarget& target) {
  switch (target.kind) {
    case CommandTarget::Kind::server:
      return any_events_of(target.server);
    case CommandTarget::Kind::pool:
      return pool_events(target.region);
    case CommandTarget::Kind::region:
      return region_events(target.region);
    case CommandTarget::Kind::clock:
      return std::string(clock_subject);
    case CommandTarget::Kind::faults:
      return std::string(faults_subject);
    case CommandTarget::Kind::warm_pool:
      return warm_pool_events(target.warm_pool);
  }
  return {};
}

bool is_region(const Region& region) {
  return region.name != clock_region && region.name != faults_region &&
         !parse_warm_pool_region(region.name);
}

}  // namespace vsim::messages
