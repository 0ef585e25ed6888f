// How commands and the servers they create come by their ids.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "schema/messages/command_codec.h"

namespace vsim::messages {
namespace {

// Drawn once for vsim; a name space makes its names' ids differ from everybody else's.
constexpr Uuid key_space{{0x6b, 0x1f, 0x0c, 0x52, 0x9d, 0x3e, 0x4a, 0x77, 0x8a, 0x10, 0x2e, 0xc4,
                          0x5b, 0x90, 0xe1, 0x33}};
constexpr Uuid server_space{{0xd4, 0x07, 0x6a, 0x95, 0x1c, 0x28, 0x4f, 0xe0, 0xb3, 0x5d, 0x71, 0x0f,
                             0x44, 0x8e, 0xa2, 0x19}};

void set_version(Uuid& id, unsigned version) {
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | version << 4);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
}

// Random bytes in stretches: a system call for each id would be the dearest part of a command.
void fill_random(std::uint8_t* into, std::size_t count) {
  thread_local std::array<std::uint8_t, 4096> pool;
  thread_local std::size_t used = pool.size();
  if (used + count > pool.size()) {
    if (RAND_bytes(pool.data(), static_cast<int>(pool.size())) != 1) {
      std::abort();
    }
    used = 0;
  }
  std::copy_n(pool.data() + used, count, into);
  used += count;
}

}  // namespace

Uuid uuid_from_name(const Uuid& space, std::string_view name) {
  std::string text(space.bytes.begin(), space.bytes.end());
  text += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha1(), nullptr) != 1) {
    std::abort();
  }
  Uuid id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  set_version(id, 5);
  return id;
}

Uuid uuid_from_time() {
  Uuid id;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  auto ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  for (std::size_t i = 6; i-- > 0; ms >>= 8) {
    id.bytes[i] = static_cast<std::uint8_t>(ms);
  }
  fill_random(id.bytes.data() + 6, 10);
  set_version(id, 7);
  return id;
}

CommandId command_id_of_key(std::string_view account, std::string_view idempotency_key) {
  std::string name(account);
  name += '\0';
  name += idempotency_key;
  return {uuid_from_name(key_space, name)};
}

ServerId server_id_of_create(const CommandId& command) {
  const auto& bytes = command.uuid.bytes;
  return {
      uuid_from_name(server_space, {reinterpret_cast<const char*>(bytes.data()), bytes.size()})};
}

}  // namespace vsim::messages
