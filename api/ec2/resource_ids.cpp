#include "api/ec2/resource_ids.h"

#include <algorithm>
#include <array>

#include "schema/messages/uuid.h"

namespace vsim::ec2 {
namespace {

// The name space of derived ids. Never to be changed: users keep ids in their own files.
constexpr Uuid derived_ids{{0x3b, 0x0c, 0x5e, 0x2a, 0x8f, 0x41, 0x5d, 0x73, 0x9a, 0x16, 0xc4, 0x02,
                            0x7d, 0xe8, 0x55, 0x90}};

std::string last_digits(const Uuid& uuid) {
  std::string digits = uuid.to_string();
  digits.erase(std::remove(digits.begin(), digits.end(), '-'), digits.end());
  return digits.substr(digits.size() - id_digits);
}

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

std::string malformed_text(std::string_view id, std::string_view prefix) {
  std::string text = "Invalid id: \"" + std::string(id) + "\"";
  if (!id.starts_with(std::string(prefix) + "-")) {
    text += " (expecting \"" + std::string(prefix) + "-...\")";
  }
  return text;
}

struct KindOfId {
  std::string_view prefix;
  std::string_view type;
};
constexpr std::array<KindOfId, 5> kinds = {{{"i", "instance"},
                                            {"vol", "volume"},
                                            {"eni", "network-interface"},
                                            {"subnet", "subnet"},
                                            {"vpc", "vpc"}}};

}  // namespace

std::string instance_id(const ServerId& server) { return "i-" + last_digits(server.uuid); }

std::string derived_id(std::string_view prefix, std::string_view owner) {
  std::string name(prefix);
  (name += ':') += owner;
  return std::string(prefix) + "-" + last_digits(messages::uuid_from_name(derived_ids, name));
}

bool is_resource_id(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix) || text.substr(prefix.size()).substr(0, 1) != "-") {
    return false;
  }
  const std::string_view digits = text.substr(prefix.size() + 1);
  return (digits.size() == id_digits || digits.size() == old_id_digits) &&
         std::all_of(digits.begin(), digits.end(), is_lower_hex);
}

Reply<std::string> instance_digits(std::string_view text) {
  if (!is_resource_id(text, "i")) {
    return refused(ErrorCode::instance_id_malformed, malformed_text(text, "i"));
  }
  return std::string(text.substr(2));
}

Reply<void> check_image_id(std::string_view text) {
  if (!is_resource_id(text, "ami")) {
    return refused(ErrorCode::image_id_malformed, malformed_text(text, "ami"));
  }
  return {};
}

std::string_view resource_type_of(std::string_view id) {
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const KindOfId& kind) {
    return is_resource_id(id, kind.prefix);
  });
  return found == kinds.end() ? std::string_view() : found->type;
}

Error unknown_instances(const std::vector<std::string>& ids) {
  std::string listed;
  for (const std::string& id : ids) {
    (listed += listed.empty() ? "" : ", ") += id;
  }
  return {ErrorCode::instance_id_not_found, ids.size() == 1
                                                ? "The instance ID '" + listed + "' does not exist"
                                                : "The instance IDs '" + listed + "' do not exist"};
}

}  // namespace vsim::ec2
