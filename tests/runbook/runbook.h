#pragma once

// A parser of ops/runbook.md: entries, their parts, and the blocks of commands in them.
// D30

#include <string>
#include <vector>

namespace runbook {

struct Block {
  std::size_t line = 0;    // where it begins in the file
  bool refused = false;    // marked ```sh refused: the commands in it must fail
  bool if_needed = false;  // marked ```sh if needed: they may stop at a guard
  std::string commands;
};

struct Entry {
  std::string heading;
  std::string symptom;             // the paragraph, on one line
  std::vector<std::string> parts;  // the bold words that begin a paragraph, in order
  std::vector<Block> blocks;
};

struct Runbook {
  std::vector<Block> preparation;  // what stands before the first entry: done before each
  std::vector<Entry> entries;

  /// Throws std::runtime_error when there is none.
  const Entry& entry(const std::string& heading) const;
};

/// Throws std::runtime_error for a file that cannot be parsed, such as one with an unclosed fence.
Runbook parse_runbook(const std::string& text);

/// The shipped one.
Runbook shipped_runbook();

/// One bash program of the preparation and the entry: it stops at the first block that does not end
/// as it should, names it, and says `done N` after the block at line N. What an `if needed` block
/// sets is not there after it.
std::string script_of(const Runbook& runbook, const Entry& entry);

}  // namespace runbook
