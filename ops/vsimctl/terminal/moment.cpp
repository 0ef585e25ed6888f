#include "ops/vsimctl/terminal/moment.h"

#include "ops/process/setting_values.h"
#include "schema/messages/instant_text.h"

namespace vsim::vsimctl {

tl::expected<Instant, std::string> read_moment(std::string_view text, Instant now) {
  if (const auto at = messages::parse_instant(text)) {
    return *at;
  }
  if (const auto ago = process::read_duration(text, "h")) {
    return now - *ago;
  }
  return tl::unexpected("\"" + std::string(text) +
                        "\" is no time; give one such as 2026-03-01T12:00:00Z, or how long ago, "
                        "such as 2h");
}

}  // namespace vsim::vsimctl
