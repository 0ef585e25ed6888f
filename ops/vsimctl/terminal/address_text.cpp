#include "ops/vsimctl/terminal/address_text.h"

#include "schema/messages/json_writer.h"
#include "schema/messages/pool_codec.h"

namespace vsim::vsimctl {

// The rules for ranges are those of the command: its reader has them.
tl::expected<AddressRange, std::string> read_addresses(std::string_view text) {
  messages::JsonWriter json;
  json.begin_object();
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    json.member("first", text.substr(0, dash));
    json.member("last", text.substr(dash + 1));
  } else {
    json.member("cidr", text);
  }
  json.end_object();
  const auto ranges = messages::read_ranges(json.text());
  if (ranges) {
    return ranges->front();
  }
  return tl::unexpected("\"" + std::string(text) + "\": " + ranges.error() +
                        "; give 10.0.0.0/24 or 10.0.0.1-10.0.0.9");
}

}  // namespace vsim::vsimctl
