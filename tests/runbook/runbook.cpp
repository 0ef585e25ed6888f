#include "tests/runbook/runbook.h"

#include <regex>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "tests/harness/child_process.h"
#include "tests/harness/programs.h"

namespace runbook {
namespace {

const std::string fence = "```";

/// Reads on to the end of the block that `opening` has begun, and keeps those that are commands.
void read_block(std::istringstream& lines, std::size_t& number, const std::string& opening,
                std::vector<Block>& blocks) {
  Block block{.line = number,
              .refused = opening == fence + "sh refused",
              .if_needed = opening == fence + "sh if needed",
              .commands = {}};
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line == fence) {
      if (opening == fence + "sh" || block.refused || block.if_needed) {
        blocks.push_back(std::move(block));
      } else if (opening != fence + "text") {
        throw std::runtime_error(
            fmt::format("line {}: what is a block '{}'?", block.line, opening));
      }
      return;
    }
    block.commands += line + "\n";
  }
  throw std::runtime_error(fmt::format("the block at line {} never ends", block.line));
}

std::string bold_beginning(const std::string& line) {
  static const std::regex bold(R"(^\*\*([^*]+)\.\*\*.*)");
  std::smatch match;
  return std::regex_match(line, match, bold) ? match[1].str() : "";
}

std::string script_of(const Block& block) {
  std::string script = fmt::format("BLOCK={}\n", block.line);
  if (block.refused || block.if_needed) {
    // Not as a condition of `if`: there bash would go on after a failure.
    script += "trap - ERR; set +e; ( set -e\n" + block.commands +
              "); status=$?; set -e; trap complain ERR\n";
  }
  if (block.refused) {
    script += "[ $status != 0 ] || { echo \"line $BLOCK: this was not refused\"; false; }\n";
  } else if (block.if_needed) {
    script += "[ $status = 0 ] || echo \"line $BLOCK: this was not needed\"\n";
  } else {
    script += block.commands;
  }
  return script + fmt::format("echo 'done {}'\n", block.line);
}

}  // namespace

const Entry& Runbook::entry(const std::string& heading) const {
  for (const Entry& entry : entries) {
    if (entry.heading == heading) {
      return entry;
    }
  }
  throw std::runtime_error("ops/runbook.md has no entry '" + heading + "'");
}

Runbook parse_runbook(const std::string& text) {
  Runbook runbook;
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with("## ")) {
      runbook.entries.push_back(
          {.heading = line.substr(3), .symptom = {}, .parts = {}, .blocks = {}});
    } else if (line.starts_with(fence)) {
      read_block(lines, number, line,
                 runbook.entries.empty() ? runbook.preparation : runbook.entries.back().blocks);
    } else if (line.find(fence) != std::string::npos) {
      throw std::runtime_error(fmt::format("line {}: a fence begins a line", number));
    } else if (const auto part = bold_beginning(line); !part.empty() && !runbook.entries.empty()) {
      runbook.entries.back().parts.push_back(part);
    }
    if (!runbook.entries.empty() && runbook.entries.back().parts.size() == 1) {
      runbook.entries.back().symptom += line + " ";  // until the next part begins
    }
  }
  return runbook;
}

Runbook shipped_runbook() {
  return parse_runbook(harness::read_file(harness::source_dir() + "/ops/runbook.md"));
}

std::string script_of(const Runbook& runbook, const Entry& entry) {
  std::string script =
      "complain() { echo \"the block at line $BLOCK failed: $BASH_COMMAND\"; }\n"
      "set -Eeuo pipefail\n"
      "trap complain ERR\n";
  for (const Block& block : runbook.preparation) {
    script += script_of(block);
  }
  for (const Block& block : entry.blocks) {
    script += script_of(block);
  }
  return script;
}

}  // namespace runbook
