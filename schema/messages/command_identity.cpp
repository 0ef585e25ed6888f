#include "schema/messages/command_identity.h"

#include <string>

#include "schema/messages/uuid.h"

namespace vsim::messages {
namespace {

// Drawn once for vsim; a name space makes its names' ids differ from everybody else's.
constexpr Uuid key_space{{0x6b, 0x1f, 0x0c, 0x52, 0x9d, 0x3e, 0x4a, 0x77, 0x8a, 0x10, 0x2e, 0xc4,
                          0x5b, 0x90, 0xe1, 0x33}};
constexpr Uuid server_space{{0xd4, 0x07, 0x6a, 0x95, 0x1c, 0x28, 0x4f, 0xe0, 0xb3, 0x5d, 0x71, 0x0f,
                             0x44, 0x8e, 0xa2, 0x19}};

constexpr Uuid create_space{{0x2e, 0x91, 0xd7, 0x38, 0x60, 0xbc, 0x45, 0x1a, 0x9f, 0x03, 0xc8, 0x7d,
                             0x16, 0xe4, 0x52, 0xab}};

constexpr Uuid warm_space{{0x91, 0x3a, 0x5e, 0x0d, 0xc7, 0x14, 0x4d, 0x82, 0xa6, 0x59, 0x0b, 0xf3,
                           0x7e, 0x21, 0xd8, 0x64}};
constexpr Uuid retirement_space{{0x48, 0xe2, 0x17, 0xb9, 0x05, 0x6d, 0x4b, 0x33, 0x8d, 0xf0, 0x92,
                                 0x2c, 0x61, 0xaa, 0x0e, 0x75}};
constexpr Uuid attempt_space{{0x0f, 0xb6, 0x83, 0x4c, 0x29, 0xe5, 0x47, 0x1d, 0xb0, 0x78, 0xd6,
                              0x5a, 0x93, 0x12, 0xc4, 0xee}};

std::string_view bytes_of(const Uuid& uuid) {
  return {reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()};
}

}  // namespace

CommandId command_id_of_key(std::string_view account, std::string_view idempotency_key) {
  std::string name(account);
  name += '\0';
  name += idempotency_key;
  return {uuid_from_name(key_space, name)};
}

ServerId server_id_of_create(const CommandId& command) {
  return {uuid_from_name(server_space, bytes_of(command.uuid))};
}

CommandId command_id_of_warm_create(const WarmPoolId& pool, std::uint64_t number) {
  std::string name(pool.account);
  name += '\0';
  name += pool.name;
  name += '\0';
  name += std::to_string(number);
  return {uuid_from_name(warm_space, name)};
}

CommandId command_id_of_attempt(const CommandId& request, std::uint64_t attempt) {
  if (attempt == 1) {
    return request;
  }
  std::string name(bytes_of(request.uuid));
  name += std::to_string(attempt);
  return {uuid_from_name(attempt_space, name)};
}

CommandId command_id_of_retirement(const ServerId& server, Version version) {
  std::string name(bytes_of(server.uuid));
  name += std::to_string(version);
  return {uuid_from_name(retirement_space, name)};
}

CommandId command_id_of_unnamed_create(const ServerId& server) {
  return {uuid_from_name(create_space, bytes_of(server.uuid))};
}

}  // namespace vsim::messages
