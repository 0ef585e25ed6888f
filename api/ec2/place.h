#pragma once

// Where resources are: a region of vsim with its zones, and the account that they are of. D79

#include <array>
#include <string>
#include <string_view>

#include "api/ec2/errors.h"
#include "domain/ids.h"

namespace vsim::ec2 {

inline constexpr std::string_view zone_letters = "abc";

struct Place {
  std::string region;
  std::string owner;  // the account's number
};

/// Twelve digits, as EC2 has them: one number an account, for ever the same.
std::string account_number(std::string_view account);

std::string zone_name(const Place& place, char letter);  // us-east-1a
std::string zone_id(const Place& place, char letter);    // use1-az1
std::string first_zone(const Place& place);
/// An error when the region has no such zone.
Reply<void> check_zone(const Place& place, std::string_view zone);

// The one of each that a region, or a zone of it, has.
std::string vpc_id(const Place& place);
std::string group_id(const Place& place);
std::string route_table_id(const Place& place);
std::string dhcp_options_id(const Place& place);
std::string subnet_id(std::string_view zone);

/// arn:aws:ec2:REGION:ACCOUNT:KIND/ID.
std::string resource_name(const Place& place, std::string_view kind, std::string_view id);

/// ip-192-168-10-57.ec2.internal; in other regions than the first .REGION.compute.internal.
std::string private_name(const Place& place, std::string_view address);

/// The smallest CIDR that holds both addresses, /28 at least.
std::string smallest_cidr(Ipv4 first, Ipv4 last);

}  // namespace vsim::ec2
