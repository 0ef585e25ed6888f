// Goal: ids are the same for ever, and what can be none is refused as EC2 refuses it.
// Method: ids of fixed UUIDs and names; texts around their form.

#include <doctest/doctest.h>

#include "api/ec2/place.h"
#include "api/ec2/resource_ids.h"

namespace vsim::ec2 {
namespace {

const Place east{"us-east-1", "123456789012"};

TEST_CASE("EC2: an instance's id is the end of its server's") {
  const ServerId server{*Uuid::parse("01234567-89ab-7cde-8f01-23456789abcd")};
  CHECK(instance_id(server) == "i-e8f0123456789abcd");
  CHECK(instance_digits("i-e8f0123456789abcd").value() == "e8f0123456789abcd");
  CHECK(instance_digits("i-12345678").value() == "12345678");
}

TEST_CASE("EC2: ids of what a region has never change") {
  CHECK(vpc_id(east) == derived_id("vpc", "us-east-1"));
  CHECK(vpc_id(east) == "vpc-09615bb848916c6ec");
  CHECK(subnet_id("us-east-1a") == "subnet-2b82401abd07b7227");
  CHECK(is_resource_id(vpc_id(east), "vpc"));
  CHECK(derived_id("vol", "a") != derived_id("vol", "b"));
  CHECK(derived_id("vol", "a").substr(3) != derived_id("eni", "a").substr(3));
}

TEST_CASE("EC2: an id that can be none is malformed, and says which prefix was expected") {
  for (const char* id : {"i-", "i-123", "i-1234567g", "i-E8f0123456789abcd", "i-123456789",
                         "i-e8f0123456789abcd0", "i-12345678 "}) {
    INFO(id);
    const auto digits = instance_digits(id);
    REQUIRE_FALSE(digits);
    CHECK(digits.error() ==
          Error{ErrorCode::instance_id_malformed, "Invalid id: \"" + std::string(id) + "\""});
  }
  for (const char* id : {"", "vol-12345678", "12345678", "I-12345678", "i"}) {
    INFO(id);
    CHECK(instance_digits(id).error().message ==
          "Invalid id: \"" + std::string(id) + "\" (expecting \"i-...\")");
  }
  CHECK(check_image_id("ami-12c6146b"));
  CHECK(check_image_id("x").error() ==
        Error{ErrorCode::image_id_malformed, "Invalid id: \"x\" (expecting \"ami-...\")"});
}

TEST_CASE("EC2: unknown instances are named, one or several") {
  CHECK(unknown_instances({"i-12345678"}).message == "The instance ID 'i-12345678' does not exist");
  CHECK(unknown_instances({"i-12345678", "i-87654321"}).message ==
        "The instance IDs 'i-12345678, i-87654321' do not exist");
}

TEST_CASE("EC2: an id tells what it is of") {
  CHECK(resource_type_of("i-12345678") == "instance");
  CHECK(resource_type_of("vol-12345678") == "volume");
  CHECK(resource_type_of("i-1").empty());
  CHECK(resource_type_of("snap-12345678").empty());
}

TEST_CASE("EC2: zones, names and numbers of a place") {
  CHECK(first_zone(east) == "us-east-1a");
  CHECK(zone_id(east, 'b') == "use1-az2");
  CHECK(zone_id({"ap-southeast-2", ""}, 'a') == "apse2-az1");
  CHECK(zone_id({"lab", ""}, 'c') == "lab-az3");
  CHECK(check_zone(east, "us-east-1c"));
  CHECK(check_zone(east, "us-east-1d").error() ==
        Error{ErrorCode::invalid_parameter_value, "Invalid Availability Zone (us-east-1d)"});
  CHECK(private_name(east, "192.168.10.57") == "ip-192-168-10-57.ec2.internal");
  CHECK(private_name({"eu-west-1", ""}, "10.0.0.1") == "ip-10-0-0-1.eu-west-1.compute.internal");
  CHECK(account_number("default") == "123456789012");
  CHECK(account_number("blue").size() == 12);
  CHECK(account_number("blue") != account_number("green"));
}

TEST_CASE("EC2: the smallest CIDR holds the whole pool") {
  const auto cidr = [](const char* first, const char* last) {
    return smallest_cidr(*Ipv4::parse(first), *Ipv4::parse(last));
  };
  CHECK(cidr("192.168.10.1", "192.168.10.100") == "192.168.10.0/25");
  CHECK(cidr("192.168.10.1", "192.168.10.200") == "192.168.10.0/24");
  CHECK(cidr("10.0.0.1", "10.0.0.1") == "10.0.0.0/28");
  CHECK(cidr("10.0.0.1", "192.168.10.100") == "0.0.0.0/0");
}

}  // namespace
}  // namespace vsim::ec2
