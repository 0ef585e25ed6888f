#include "api/admission/key_ring.h"

#include <chrono>

#include <openssl/crypto.h>

#include "ops/process/pause.h"
#include "ops/telemetry/log.h"
#include "schema/http/key_file.h"

namespace vsim::api {
namespace {

constexpr std::chrono::seconds between_looks{1};

}  // namespace

const http::ApiKey* Keys::find(std::string_view text) const {
  const messages::Sha256 hash = messages::sha256_of(text);
  const http::ApiKey* found = nullptr;
  for (const http::ApiKey& key : keys_) {  // all of them: an early end would show which
    if (CRYPTO_memcmp(key.hash.data(), hash.data(), hash.size()) == 0) {
      found = &key;
    }
  }
  return found;
}

std::shared_ptr<const Keys> KeyRing::now() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

void KeyRing::take(Keys keys) {
  auto taken = std::make_shared<const Keys>(std::move(keys));
  const std::lock_guard lock(mutex_);
  keys_ = std::move(taken);
}

/// Nothing when the file says what it said before, or has never been there.
tl::expected<std::optional<Keys>, std::string> KeyRing::read() {
  auto text = http::load_key_file(path_);
  if (!text) {
    return tl::unexpected(text.error());
  }
  if (!*text && now() == nullptr) {
    return std::nullopt;
  }
  if (!*text) {
    return tl::unexpected(path_ + ": is gone; vsimctl keys add makes it anew");
  }
  if (**text == text_) {
    return std::nullopt;
  }
  auto keys = http::read_keys(**text);
  if (!keys) {
    return tl::unexpected(path_ + ": " + keys.error());
  }
  text_ = std::move(**text);
  return Keys(std::move(*keys));
}

tl::expected<void, std::string> KeyRing::look() {
  if (path_.empty()) {
    return {};
  }
  auto keys = read();
  if (keys) {
    if (*keys) {
      take(std::move(**keys));
    }
    return {};
  }
  if (now() == nullptr) {
    take(Keys());
  }
  return tl::unexpected(keys.error());
}

void KeyRing::watch(const std::stop_token& stop) {
  std::string last_logged;
  while (!path_.empty() && !stop.stop_requested()) {
    process::pause(stop, between_looks);
    const auto before = now();
    const auto looked = look();
    const std::string trouble = looked ? "" : looked.error();
    if (trouble != last_logged && !trouble.empty()) {
      log::error("the keys last read hold on", {{"error", trouble}});
    } else if (trouble != last_logged) {
      log::info("the keys can be read again");
    }
    last_logged = trouble;
    if (looked && now() != before) {
      log::info("keys have changed", {{"keys", now()->count()}});
    }
  }
}

}  // namespace vsim::api
