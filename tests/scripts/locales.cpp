#include "tests/scripts/locales.h"

#include <filesystem>
#include <stdexcept>

#include "tests/harness/child_process.h"

namespace scripts {

void make_locales(const std::string& folder, const std::vector<std::string>& names) {
  std::filesystem::create_directories(folder);
  for (const std::string& name : names) {
    harness::ChildOptions localedef;
    localedef.argv = {"/usr/bin/localedef",          "--no-archive", "-f", "UTF-8", "-i", name,
                      folder + "/" + name + ".UTF-8"};
    const harness::Output made = harness::run_program(localedef);
    if (!made.ending.clean()) {
      throw std::runtime_error("no locale " + name + ":\n" + made.text);
    }
  }
}

}  // namespace scripts
