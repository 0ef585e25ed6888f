#include "tests/runbook/typing.h"

#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

namespace runbook {

std::vector<Block> blocks_with(const std::string& heading, const std::string& words) {
  const Runbook book = shipped_runbook();
  std::vector<Block> found;
  for (const Block& block : book.entry(heading).blocks) {
    if (block.commands.find(words) != std::string::npos) {
      found.push_back(block);
    }
  }
  if (found.empty()) {
    throw std::runtime_error(heading + " has no block with: " + words);
  }
  return found;
}

std::string type(const ShippedSystem& system, const std::vector<Block>& blocks) {
  const Runbook book = shipped_runbook();
  {
    std::ofstream typed(system.checkout() + "/typed.sh");
    for (const Block& block : book.preparation) {
      typed << block.commands;
    }
    for (const Block& block : blocks) {
      typed << block.commands;
    }
  }
  return system.run("bash --norc --noprofile -i typed.sh </dev/null 2>&1").text;
}

std::string type_each_alone(const ShippedSystem& system, const Entry& entry) {
  const Block look_once{.line = 0, .commands = "within() { shift; \"$@\"; }\n"};
  std::string printed;
  for (const Block& block : entry.blocks) {
    printed += fmt::format("--- the block at line {}\n", block.line);
    printed += type(system, {look_once, block});
  }
  return printed;
}

}  // namespace runbook
