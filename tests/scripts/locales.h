#pragma once

// Locales of other countries, made from the system's sources of them (Debian's package locales), so
// that none has to be installed. Threads: one.

#include <string>
#include <vector>

namespace scripts {

/// Makes these locales in the folder, which becomes their LOCPATH. Throws std::runtime_error when
/// the machine has no sources of them.
void make_locales(const std::string& folder, const std::vector<std::string>& names);

}  // namespace scripts
