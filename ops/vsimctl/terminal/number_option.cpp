#include "ops/vsimctl/terminal/number_option.h"

#include <CLI/CLI.hpp>

#include "domain/decimal.h"

namespace vsim::vsimctl {

CLI::Option* add_number(CLI::App& command, const std::string& name, std::uint64_t& target,
                        const std::string& meaning) {
  return command
      .add_option_function<std::string>(
          name, [&target](const std::string& text) { target = *read_decimal(text); }, meaning)
      ->check([](const std::string& text) {
        return read_decimal(text).value_or(0) > 0
                   ? std::string()
                   : "\"" + text +
                         "\" is no number; give a whole number from 1 up, in digits alone and "
                         "without zeros in front";
      });
}

}  // namespace vsim::vsimctl
