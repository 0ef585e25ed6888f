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

CommandId command_id_of_unnamed_create(const ServerId& server) {
  return {uuid_from_name(create_space, bytes_of(server.uuid))};
}

}  // namespace vsim::messages
