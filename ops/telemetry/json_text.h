#pragma once

// JSON strings for the lines of the log and the text of /readyz.

#include <string>
#include <string_view>

namespace vsim::telemetry {

/// Appends `text` as a JSON string, quotes included. Bytes that are no UTF-8 become U+FFFD, so that
/// a line of the log is JSON whatever a client sent.
void append_json_string(std::string& out, std::string_view text);

}  // namespace vsim::telemetry
