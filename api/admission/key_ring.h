#pragma once

// The keys that hold now. The file that `vsimctl keys` writes is looked at again and again, so that
// a key that is added or revoked there counts without a restart.

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
  Keys() = default;  // none: opens nothing
  explicit Keys(std::vector<http::ApiKey> keys) : keys_(std::move(keys)) {}

  /// The key with this text. Takes as long whether there is one, and whichever it is.
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

  /// The keys last read; none while keys are off, which they are until the file is there for the
  /// first time. From then on they stay on, whatever becomes of the file.
  std::shared_ptr<const Keys> now() const;

  /// Reads the file if it has changed. After an error, or when the file is gone, what was last read
  /// holds on; if nothing was, no key opens anything, since a file was meant to be there.
  tl::expected<void, std::string> look();

  /// Looks every second until the stop, and logs what is new and what is wrong, once each.
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
