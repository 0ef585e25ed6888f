// The JSON of the clock.

#include <algorithm>

#include "schema/http/documents.h"
#include "schema/messages/instant_text.h"

namespace vsim::http {

using messages::JsonWriter;

std::string render_clock(const read_model::ClockRow& clock, Instant now) {
  JsonWriter json;
  json.begin_object();
  json.member("now", messages::format_instant(std::max(now, clock.deadlines_applied)));
  json.key("scale");
  json.real(clock.time.scale);
  json.member("seed", clock.time.seed);
  json.member("deadlines_applied", messages::format_instant(clock.deadlines_applied));
  json.end_object();
  return json.take();
}

}  // namespace vsim::http
