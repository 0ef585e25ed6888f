#include "schema/messages/uuid.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

#include <openssl/evp.h>
#include <openssl/rand.h>

namespace vsim::messages {
namespace {

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

}  // namespace vsim::messages
