#pragma once

// The keys in force. The file that `vsimctl keys` writes is read again when it changes, so that a
// key which is added or revoked there counts without a restart. D31

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "schema/http/api_keys.h"

namespace vsim::api {

/// Fixed once made; any thread.
class Keys {
 public:
  Keys() = default;  // none: no request is let in
  explicit Keys(std::vector<http::ApiKey> keys) : keys_(std::move(keys)) {}

  /// The key with this text, null when there is none. Takes the same time for every text.
  const http::ApiKey* find(std::string_view text) const;
  std::size_t count() const { return keys_.size(); }

 private:
  std::vector<http::ApiKey> keys_;
};

/// Any thread, but look() and watch() belong to one.
class KeyRing {
 public:
  /// An empty path: keys are off for good.
  explicit KeyRing(std::string path) : path_(std::move(path)) {}

  /// The keys last read; null while keys are off, which they are until the file exists for the
  /// first time. From then on they stay on, whatever happens to the file.
  std::shared_ptr<const Keys> now() const;

  /// Reads the file if it has changed. After an error, or when the file is gone, the keys last read
  /// stay in force; if there are none, no key is let in, since a file was meant to be there.
  tl::expected<void, std::string> look();

  /// Calls look() every second until the stop. Logs each change and each error once.
  void watch(const std::stop_token& stop);

 private:
  tl::expected<std::optional<Keys>, std::string> read();
  void take(Keys keys);

  const std::string path_;
  std::string text_;  // of the file, as last read
  mutable std::mutex mutex_;
  std::shared_ptr<const Keys> keys_;
};

}  // namespace vsim::api
