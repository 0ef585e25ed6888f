// The JSON of lifecycle profiles.

#include "schema/http/documents.h"
#include "schema/messages/profile_codec.h"

namespace vsim::http {
namespace {

using messages::JsonWriter;

void write_profile(JsonWriter& json, const LifecycleProfile& profile, const Catalogue& catalogue) {
  json.begin_object();
  json.member("name", profile.name);
  json.key("default");
  json.boolean(profile.name == catalogue.default_profile);
  json.key("delays");
  messages::write_courses(json, profile.courses);
  json.key("hazards");
  messages::write_risks(json, profile.risks);
  json.member("create_ends_in", to_string(profile.create_ends_in));
  json.member("idle_timeout_seconds",
              std::chrono::duration_cast<std::chrono::seconds>(profile.idle_timeout).count());
  json.key("billing");
  messages::write_billing(json, profile.billing);
  json.end_object();
}

}  // namespace

std::string render_profile(const LifecycleProfile& profile, const Catalogue& catalogue) {
  JsonWriter json;
  write_profile(json, profile, catalogue);
  return json.take();
}

std::string render_profiles(const Catalogue& catalogue) {
  JsonWriter json;
  json.begin_object();
  json.key("items");
  json.begin_array();
  for (const auto& [name, profile] : catalogue.profiles) {
    write_profile(json, profile, catalogue);
  }
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace vsim::http
