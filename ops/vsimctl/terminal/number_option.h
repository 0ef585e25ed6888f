#pragma once

// Numbers among vsimctl's arguments. CLI11 reads 010 as octal and 0x10 as hexadecimal, which for a
// letter's number means another letter.

#include <cstdint>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace vsim::vsimctl {

/// Declares an option or argument whose value is a whole number from 1 up, as read_decimal() has
/// it; anything else is refused. `target` outlives the parsing.
CLI::Option* add_number(CLI::App& command, const std::string& name, std::uint64_t& target,
                        const std::string& meaning);

}  // namespace vsim::vsimctl
