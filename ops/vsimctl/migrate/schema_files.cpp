#include "ops/vsimctl/migrate/schema_files.h"

#include "schema/messages/catalogue_files.h"

namespace vsim::vsimctl {

tl::expected<Catalogue, std::string> read_catalogue(const process::CommonSettings& settings) {
  auto catalogue = messages::load_catalogue(settings.schema_dir);
  if (catalogue) {
    return std::move(*catalogue);
  }
  std::string mistakes;
  for (const auto& mistake : catalogue.error()) {
    mistakes += (mistakes.empty() ? "" : "; ") + mistake;
  }
  return tl::unexpected(mistakes);
}

}  // namespace vsim::vsimctl
