// Goal: what every region has is shown with what clients look for, and found by its filters.
// Method: each kind's elements, by the filters and the ids that clients send.

#include <doctest/doctest.h>

#include "api/ec2/images.h"
#include "api/ec2/instance_types.h"
#include "api/ec2/networks.h"

namespace vsim::ec2 {
namespace {

const Place east{"us-east-1", "123456789012"};
const Pool pool{*Ipv4::parse("192.168.10.1"), *Ipv4::parse("192.168.10.100"), 42};
const InstanceTypes types = {{"t2.micro", {1, 1024}}, {"m5.large", {2, 8192}}};

std::size_t count(const std::vector<Element>& elements, const FilterTable& table,
                  const std::string& name, const std::string& value) {
  CHECK(table.knows(name));
  std::size_t fitting = 0;
  for (const Element& element : elements) {
    fitting += fits_all({{name, {value}}}, table, element) ? 1 : 0;
  }
  return fitting;
}

TEST_CASE("EC2: regions and zones") {
  const auto regions = region_elements({"eu-west-1", "us-east-1"});
  CHECK(count(regions, region_filter_table, "region-name", "us-*") == 1);
  CHECK(count(regions, region_filter_table, "endpoint", "ec2.eu-west-1.amazonaws.com") == 1);
  const auto zones = zone_elements(east);
  CHECK(zones.size() == 3);
  CHECK(count(zones, zone_filter_table, "state", "available") == 3);
  CHECK(count(zones, zone_filter_table, "zone-id", "use1-az1") == 1);
}

TEST_CASE("EC2: one default network a region, one default subnet a zone") {
  const auto vpcs = vpc_elements(east, pool);
  for (const char* name : {"isDefault", "is-default"}) {
    CHECK(count(vpcs, vpc_filter_table, name, "true") == 1);
  }
  CHECK(count(vpcs, vpc_filter_table, "cidr", "192.168.10.0/25") == 1);
  CHECK(count(vpcs, vpc_filter_table, "tag:Name", "*") == 0);
  const auto subnets = subnet_elements(east, pool);
  CHECK(count(subnets, subnet_filter_table, "availabilityZone", "us-east-1b") == 1);
  CHECK(count(subnets, subnet_filter_table, "default-for-az", "true") == 3);
  CHECK(count(subnets, subnet_filter_table, "defaultForAz", "true") == 3);
  CHECK(count(subnets, subnet_filter_table, "available-ip-address-count", "42") == 3);
  CHECK(count(subnets, subnet_filter_table, "vpc-id", vpc_id(east)) == 3);
  const auto groups = group_elements(east);
  CHECK(count(groups, group_filter_table, "group-name", "default") == 1);
  CHECK(count(groups, group_filter_table, "egress.ip-permission.cidr", "0.0.0.0/0") == 1);
  const auto tables = route_table_elements(east, pool);
  CHECK(count(tables, route_table_filter_table, "association.main", "true") == 1);
  CHECK(count(tables, route_table_filter_table, "route.gateway-id", "local") == 1);
}

TEST_CASE("EC2: resources are picked by id, and one that is missing is an error") {
  const MissingWords words{ErrorCode::subnet_id_not_found, "The subnet ID '", "' does not exist"};
  const auto subnets = subnet_elements(east, pool);
  CHECK(wanted_only(subnets, "subnetId", {}, words)->size() == 3);
  CHECK(wanted_only(subnets, "subnetId", {subnet_id("us-east-1b")}, words)->size() == 1);
  CHECK(wanted_only(subnets, "subnetId", {"subnet-1"}, words).error() ==
        Error{ErrorCode::subnet_id_not_found, "The subnet ID 'subnet-1' does not exist"});
}

TEST_CASE("EC2: the attributes of an account") {
  const auto all = account_attribute_elements(east, {}, 200);
  CHECK(all->size() >= 3);
  const auto platforms = account_attribute_elements(east, {"supported-platforms"}, 200);
  REQUIRE(platforms->size() == 1);
  CHECK((*platforms)[0].values("attributeValueSet/attributeValue") ==
        std::vector<std::string_view>{"VPC"});
  CHECK_FALSE(account_attribute_elements(east, {"nope"}, 200));
}

TEST_CASE("EC2: types with their sizes") {
  const auto all = instance_type_elements(types, {});
  REQUIRE(all->size() == 2);
  CHECK(count(*all, instance_type_filter_table, "vcpu-info.default-vcpus", "2") == 1);
  CHECK(count(*all, instance_type_filter_table, "memory-info.size-in-mib", "1024") == 1);
  CHECK(count(*all, instance_type_filter_table, "supported-virtualization-type", "hvm") == 2);
  CHECK(instance_type_elements(types, {"t2.micro"})->size() == 1);
  CHECK(instance_type_elements(types, {"nope", "t2.micro", "neither"}).error() ==
        Error{ErrorCode::invalid_instance_type,
              "The following supplied instance types do not exist: [nope, neither]"});
  CHECK(usual_size("t2.medium") == MachineSize{2, 4096});
  CHECK(usual_size("m5.4xlarge") == MachineSize{16, 65536});
  CHECK(usual_size("huge") == MachineSize());
  CHECK(offering_elements(types, east, "availability-zone")->size() == 6);
  CHECK(count(*offering_elements(types, east, "region"), offering_filter_table, "location",
              "us-east-1") == 2);
  CHECK_FALSE(offering_elements(types, east, "planet"));
}

TEST_CASE("EC2: images are listed; any id that is well-formed is one, but where only those count") {
  const auto listed = image_elements({}, {}, ImageRule::any);
  CHECK(count(*listed, image_filter_table, "image-id", "ami-12c6146b") == 1);
  CHECK(count(*listed, image_filter_table, "state", "available") == listed->size());
  CHECK(image_elements({}, {"amazon"}, ImageRule::any)->size() == listed->size());
  CHECK(image_elements({}, {"self"}, ImageRule::any)->empty());
  CHECK(image_elements({"ami-12345678"}, {}, ImageRule::any)->size() == 1);
  CHECK(image_elements({"ami-12345678"}, {}, ImageRule::listed).error() ==
        Error{ErrorCode::image_id_not_found, "The image id '[ami-12345678]' does not exist"});
  CHECK_FALSE(image_elements({"ami-00000000000000000"}, {}, ImageRule::any));
  CHECK(image_elements({"x"}, {}, ImageRule::any).error().code == ErrorCode::image_id_malformed);
}

}  // namespace
}  // namespace vsim::ec2
