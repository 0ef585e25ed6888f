#pragma once

// The socket that callers connect to.

#include <string>

#include <tl/expected.hpp>

#include "ops/telemetry/settings.h"

namespace vsim::api {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_ = -1;  // none
};

/// Listens; accepting from it never blocks. The error says why it cannot be listened on.
tl::expected<Descriptor, std::string> listen_on(const telemetry::ListenAddress& address);

}  // namespace vsim::api
