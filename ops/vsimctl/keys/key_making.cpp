#include "ops/vsimctl/keys/key_making.h"

#include <array>
#include <chrono>

#include <unistd.h>

#include "ops/vsimctl/subcommands.h"

namespace vsim::vsimctl {

tl::expected<MadeKey, std::string> make_key(const std::string& name, http::Role role,
                                            const std::string& account) {
  std::array<std::uint8_t, http::key_secret_bytes> secret{};
  if (::getentropy(secret.data(), secret.size()) != 0) {
    return failed("this machine gives no random numbers");
  }
  const auto text = http::key_text(secret);
  const auto now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
  return MadeKey{{.name = name,
                  .role = role,
                  .hash = messages::sha256_of(text),
                  .made_at = now,
                  .account = account},
                 text};
}

}  // namespace vsim::vsimctl
