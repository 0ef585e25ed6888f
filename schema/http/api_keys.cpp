#include "schema/http/api_keys.h"

#include <algorithm>
#include <array>
#include <set>

#include "schema/http/access_keys.h"
#include "schema/http/base64url.h"
#include "schema/messages/event_head.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"

namespace vsim::http {
namespace {

constexpr std::string_view key_prefix = "vsim_";  // tells people and scanners what it is

constexpr std::array<std::string_view, 3> role_names = {"reader", "caller", "operator"};

// By these names events tell that no key was used.
constexpr std::array<std::string_view, 6> taken_names = {"api",  "nats",       "psql",
                                                         "seed", "timekeeper", "vsimctl"};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool may_stand_in_name(char c) {
  return is_letter_or_digit(c) || std::string_view("._-@").find(c) != std::string_view::npos;
}

ApiKey read_key(const messages::Fields& fields) {
  ApiKey key;
  key.name = std::string(fields.text("name"));
  key.role = fields.named("role", role_from);
  if (fields.has("account")) {
    key.account = messages::read_account(fields);
  }
  if (fields.has("access_key_id")) {
    key.access_key_id = std::string(fields.text("access_key_id"));
  }
  key.hash = fields.named("sha256", messages::sha256_from_hex);
  key.made_at = fields.instant("made_at");
  if (fields.ok()) {
    if (const auto complaint = complaint_about_key_name(key.name)) {
      fields.complain("name", "is no key's name: " + *complaint);
    }
    if (!key.access_key_id.empty() && !is_access_key_id(key.access_key_id)) {
      fields.complain("access_key_id", "is no id of an access key");
    }
  }
  return key;
}

}  // namespace

std::string_view to_string(Role role) { return role_names[static_cast<std::size_t>(role)]; }

std::optional<Role> role_from(std::string_view name) {
  const auto found = std::find(role_names.begin(), role_names.end(), name);
  if (found == role_names.end()) {
    return std::nullopt;
  }
  return static_cast<Role>(found - role_names.begin());
}

std::optional<std::string> complaint_about_key_name(std::string_view name) {
  if (name.empty() || name.size() > key_name_characters_max || !is_letter_or_digit(name.front()) ||
      !std::all_of(name.begin(), name.end(), may_stand_in_name)) {
    return "give 1 to " + std::to_string(key_name_characters_max) +
           " letters, digits and . _ - @, beginning with a letter or digit";
  }
  if (std::find(taken_names.begin(), taken_names.end(), name) != taken_names.end()) {
    return "vsim itself acts as " + std::string(name) + "; take another";
  }
  return std::nullopt;
}

std::string key_text(std::span<const std::uint8_t, key_secret_bytes> secret) {
  return std::string(key_prefix) + to_base64url(secret);
}

tl::expected<std::vector<ApiKey>, std::string> read_keys(std::string_view text) {
  std::string error;
  std::vector<ApiKey> keys;
  std::set<std::string> names;
  const auto root = messages::parse_object(text, error);
  if (!root) {
    return tl::unexpected(error);
  }
  simdjson::dom::array listed;
  if ((*root)["keys"].get(listed) != simdjson::SUCCESS) {
    return tl::unexpected<std::string>("\"keys\" must be an array");
  }
  for (const auto element : listed) {
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      return tl::unexpected<std::string>("\"keys\" must hold objects");
    }
    keys.push_back(read_key(messages::Fields(object, error)));
    const std::string& name = keys.back().name;
    if (!error.empty()) {
      return tl::unexpected("key " + std::to_string(keys.size()) + ": " + error);
    }
    if (!names.insert(name).second) {
      return tl::unexpected("two keys are named " + name);
    }
    if (keys.size() > api_keys_max) {
      return tl::unexpected("there are over " + std::to_string(api_keys_max) + " keys");
    }
  }
  return keys;
}

std::string render_keys(const std::vector<ApiKey>& keys) {
  std::string text = "{\"keys\":[";
  for (const ApiKey& key : keys) {
    messages::JsonWriter json;
    json.begin_object();
    json.member("name", key.name);
    json.member("role", to_string(key.role));
    if (key.account != default_account) {
      json.member("account", key.account);
    }
    if (!key.access_key_id.empty()) {
      json.member("access_key_id", key.access_key_id);
    }
    json.member("sha256", messages::to_hex(key.hash));
    json.member("made_at", messages::format_instant(key.made_at));
    json.end_object();
    text += (&key == &keys.front() ? "\n" : ",\n") + json.take();
  }
  return text + "\n]}\n";
}

}  // namespace vsim::http
