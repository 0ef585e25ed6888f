#pragma once

// Finds the programs that tests start. A missing one fails the test: it never skips it.

#include <cstdint>
#include <string>

namespace harness {

/// The path in the environment variable, else the program on the PATH, else in the checkout's
/// .run/tools/bin. Throws std::runtime_error, saying where it looked.
std::string find_program(const std::string& variable, const std::string& name);

/// One of the product's own programs, from the build this test belongs to.
std::string product_program(const std::string& name);

/// The folder of Swagger UI's files: VSIM_SWAGGER_DIR, else where ops/test puts them. Throws when
/// they are not there.
std::string swagger_dir();

/// The checkout, for files that the product ships (schema/, ops/nats/).
std::string source_dir();

/// A loopback port on which nobody listens now. It is below the range from which the kernel takes
/// the ports of outgoing connections, so that a server can be restarted on it later. No other test
/// gets it while this process runs; a program that is no test of vsim may take it before it is
/// used.
std::uint16_t free_port();

}  // namespace harness
