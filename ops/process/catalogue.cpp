#include "ops/process/catalogue.h"

#include "schema/messages/catalogue_files.h"

namespace vsim::process {

tl::expected<Catalogue, std::vector<std::string>> load_catalogue(const CommonSettings& settings) {
  auto catalogue = messages::load_catalogue(settings.schema_dir);
  if (!catalogue) {
    return tl::unexpected(catalogue.error());
  }
  if (!catalogue->profiles.contains(settings.profile)) {
    return tl::unexpected(std::vector{"PROFILE: there is no profile " + settings.profile});
  }
  catalogue->default_profile = settings.profile;
  catalogue->idle_timeout = settings.idle_timeout;
  catalogue->lease_max = settings.lease_max;
  return std::move(*catalogue);
}

}  // namespace vsim::process
