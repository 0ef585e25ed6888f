#include "ops/telemetry/readiness.h"

#include "ops/telemetry/json_text.h"

namespace vsim::telemetry {

std::string Readiness::to_json() const {
  std::string json =
      ready() ? R"({"status":"ready","reasons":[)" : R"({"status":"not_ready","reasons":[)";
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (i > 0) {
      json += ',';
    }
    append_json_string(json, reasons[i]);
  }
  json += R"(],"facts":{)";
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (i > 0) {
      json += ',';
    }
    append_json_string(json, facts[i].first);
    json += ':';
    append_json_string(json, facts[i].second);
  }
  return json + "}}\n";
}

}  // namespace vsim::telemetry
