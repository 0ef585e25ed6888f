#pragma once

// The operations of this door: one table, by name. D79

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "api/ec2/fleet.h"
#include "api/ec2/images.h"
#include "api/ec2/instance_types.h"
#include "api/ec2/page_token.h"
#include "api/ec2/parameters.h"
#include "api/ec2/place.h"

namespace vsim::ec2 {

/// What does not change while a process runs.
struct Offer {
  std::set<std::string> regions;
  InstanceTypes types;
  std::string usual_region = "us-east-1";
  ImageRule images = ImageRule::any;
  std::uint64_t instances_max = 100'000;  // as account attributes tell it
};

/// A call whose sender and region are known.
struct Request {
  const Parameters& parameters;
  const Place& place;
  const Offer& offer;
  Fleet& fleet;
  std::string_view action;
  std::optional<std::string> account;  // of this one alone; none: of all
  std::string_view sender;             // the key's name

  /// What a token of a page holds for.
  std::string subject() const;
};

/// The elements of its answer, or why there is none.
using Operate = Reply<Element> (*)(const Request& request);

struct Operation {
  std::string_view name;
  Operate operate;
};

/// Null for a name that there is not.
const Operation* find_operation(std::string_view name);

// By theme, in a file each.
Reply<Element> describe_instances(const Request& request);
Reply<Element> describe_instance_status(const Request& request);
Reply<Element> describe_instance_attribute(const Request& request);
Reply<Element> describe_tags(const Request& request);
Reply<Element> describe_volumes(const Request& request);
Reply<Element> describe_network_interfaces(const Request& request);
Reply<Element> describe_credit_specifications(const Request& request);

Reply<Element> describe_regions(const Request& request);
Reply<Element> describe_availability_zones(const Request& request);
Reply<Element> describe_instance_types(const Request& request);
Reply<Element> describe_instance_type_offerings(const Request& request);
Reply<Element> describe_images(const Request& request);
Reply<Element> describe_account_attributes(const Request& request);
Reply<Element> describe_vpcs(const Request& request);
Reply<Element> describe_vpc_attribute(const Request& request);
Reply<Element> describe_subnets(const Request& request);
Reply<Element> describe_security_groups(const Request& request);
Reply<Element> describe_route_tables(const Request& request);
Reply<Element> describe_addresses(const Request& request);
Reply<Element> describe_key_pairs(const Request& request);
Reply<Element> describe_launch_templates(const Request& request);
Reply<Element> describe_snapshots(const Request& request);

}  // namespace vsim::ec2
