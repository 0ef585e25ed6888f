#include "api/ec2/operations.h"

#include <algorithm>
#include <array>

namespace vsim::ec2 {
namespace {

constexpr std::array<Operation, 22> operations = {{
    {"DescribeAccountAttributes", describe_account_attributes},
    {"DescribeAddresses", describe_addresses},
    {"DescribeAvailabilityZones", describe_availability_zones},
    {"DescribeImages", describe_images},
    {"DescribeInstanceAttribute", describe_instance_attribute},
    {"DescribeInstanceCreditSpecifications", describe_credit_specifications},
    {"DescribeInstanceStatus", describe_instance_status},
    {"DescribeInstanceTypeOfferings", describe_instance_type_offerings},
    {"DescribeInstanceTypes", describe_instance_types},
    {"DescribeInstances", describe_instances},
    {"DescribeKeyPairs", describe_key_pairs},
    {"DescribeLaunchTemplates", describe_launch_templates},
    {"DescribeNetworkInterfaces", describe_network_interfaces},
    {"DescribeRegions", describe_regions},
    {"DescribeRouteTables", describe_route_tables},
    {"DescribeSecurityGroups", describe_security_groups},
    {"DescribeSnapshots", describe_snapshots},
    {"DescribeSubnets", describe_subnets},
    {"DescribeTags", describe_tags},
    {"DescribeVolumes", describe_volumes},
    {"DescribeVpcAttribute", describe_vpc_attribute},
    {"DescribeVpcs", describe_vpcs},
}};

}  // namespace

const Operation* find_operation(std::string_view name) {
  const auto found =
      std::find_if(operations.begin(), operations.end(),
                   [&](const Operation& operation) { return operation.name == name; });
  return found == operations.end() ? nullptr : &*found;
}

std::string Request::subject() const {
  return std::string(action) + ":" + place.region + ":" + account.value_or("");
}

}  // namespace vsim::ec2
