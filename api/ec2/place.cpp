#include "api/ec2/place.h"

#include <algorithm>

#include "api/ec2/resource_ids.h"
#include "domain/account.h"
#include "schema/messages/sha256.h"

namespace vsim::ec2 {
namespace {

constexpr std::string_view first_region = "us-east-1";

struct Direction {
  std::string_view word;
  std::string_view short_form;
};
constexpr std::array<Direction, 9> directions = {{{"north", "n"},
                                                  {"south", "s"},
                                                  {"east", "e"},
                                                  {"west", "w"},
                                                  {"central", "c"},
                                                  {"northeast", "ne"},
                                                  {"northwest", "nw"},
                                                  {"southeast", "se"},
                                                  {"southwest", "sw"}}};

/// us-east-1 as use1.
std::string short_form(std::string_view region) {
  std::string out;
  while (!region.empty()) {
    const std::string_view word = region.substr(0, region.find('-'));
    region.remove_prefix(std::min(word.size() + 1, region.size()));
    const auto found =
        std::find_if(directions.begin(), directions.end(),
                     [&](const Direction& direction) { return direction.word == word; });
    out += found == directions.end() ? word : found->short_form;
  }
  return out;
}

}  // namespace

std::string account_number(std::string_view account) {
  if (account == default_account) {
    return "123456789012";
  }
  constexpr std::uint64_t least = 100'000'000'000;
  std::uint64_t hash = 0;
  const messages::Sha256 digest = messages::sha256_of(account);
  for (std::size_t i = 0; i < sizeof hash; ++i) {
    hash = hash << 8 | digest[i];
  }
  return std::to_string(least + hash % (9 * least));
}

std::string zone_name(const Place& place, char letter) { return place.region + letter; }

std::string zone_id(const Place& place, char letter) {
  return short_form(place.region) + "-az" + std::to_string(letter - zone_letters.front() + 1);
}

std::string first_zone(const Place& place) { return zone_name(place, zone_letters.front()); }

Reply<void> check_zone(const Place& place, std::string_view zone) {
  const bool known = std::any_of(zone_letters.begin(), zone_letters.end(),
                                 [&](char letter) { return zone_name(place, letter) == zone; });
  if (!known) {
    return refused(ErrorCode::invalid_parameter_value,
                   "Invalid Availability Zone (" + std::string(zone) + ")");
  }
  return {};
}

std::string vpc_id(const Place& place) { return derived_id("vpc", place.region); }
std::string group_id(const Place& place) { return derived_id("sg", place.region); }
std::string route_table_id(const Place& place) { return derived_id("rtb", place.region); }
std::string dhcp_options_id(const Place& place) { return derived_id("dopt", place.region); }
std::string subnet_id(std::string_view zone) { return derived_id("subnet", zone); }

std::string resource_name(const Place& place, std::string_view kind, std::string_view id) {
  std::string name = "arn:aws:ec2:" + place.region + ":" + place.owner + ":";
  return ((name += kind) += '/') += id;
}

std::string private_name(const Place& place, std::string_view address) {
  std::string name = "ip-" + std::string(address);
  std::replace(name.begin(), name.end(), '.', '-');
  return name + (place.region == first_region ? ".ec2" : "." + place.region + ".compute") +
         ".internal";
}

std::string smallest_cidr(Ipv4 first, Ipv4 last) {
  int length = 28;
  while (length > 0 && first.bits >> (32 - length) != last.bits >> (32 - length)) {
    --length;
  }
  const std::uint32_t kept = length == 0 ? 0 : first.bits >> (32 - length) << (32 - length);
  return Ipv4{kept}.to_string() + "/" + std::to_string(length);
}

}  // namespace vsim::ec2
