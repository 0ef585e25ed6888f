#pragma once

// Nothing is deleted or changed by accident: a task asks, or takes --yes, or only says what it
// would do (--dry-run).

#include <memory>
#include <string>

#include "ops/vsimctl/subcommands.h"

namespace vsim::vsimctl {

struct Consent {
  bool yes = false;      // --yes
  bool dry_run = false;  // --dry-run
};

/// Declares --yes and --dry-run. With neither, and without a terminal to ask on, the subcommand is
/// refused before it begins: exit status 2.
std::shared_ptr<const Consent> add_consent_flags(CLI::App& subcommand);

/// Asks "QUESTION [y/N]" on the terminal, unless `yes`. The error says that nothing was done: a
/// task returns it as its own.
tl::expected<void, std::string> confirm(const std::string& question, bool yes);

}  // namespace vsim::vsimctl
