// Goal: what a client of EC2 sends is read as EC2 reads it, and what cannot be meant is refused by
// EC2's codes.
// Method: lists with gaps and 0 as clients send them, empties, doubles, and the limits.

#include <doctest/doctest.h>

#include "api/ec2/parameters.h"

namespace vsim::ec2 {
namespace {

Parameters read(std::string_view query, std::string_view body = "") {
  auto parameters = Parameters::read(query, body);
  REQUIRE(parameters);
  return std::move(*parameters);
}

ErrorCode code_of(std::string_view query, std::string_view body = "") {
  const auto parameters = Parameters::read(query, body);
  REQUIRE_FALSE(parameters);
  return parameters.error().code;
}

using Texts = std::vector<std::string>;

TEST_CASE("EC2: query string and body are one set of parameters") {
  const auto parameters = read("Action=StopInstances&x=a+b%2F1", "InstanceId.1=i-1&&Version=v");
  CHECK(*parameters.find("Action") == "StopInstances");
  CHECK(*parameters.find("x") == "a b/1");
  CHECK(*parameters.find("InstanceId.1") == "i-1");
  CHECK(parameters.find("InstanceId") == nullptr);
  CHECK(parameters.find("Versio") == nullptr);
  CHECK(*read("a=1", "a=1").find("a") == "1");
  CHECK(code_of("Action=StopInstances", "Action=StartInstances") ==
        ErrorCode::invalid_parameter_combination);
}

TEST_CASE("EC2: an index only orders: it may be 0, have gaps, and be written with zeros") {
  const auto parameters =
      read("R.0=a&R.10=d&R.2=b&R.007=c&R.x=no&R=no&R.1.Deep=no&R.1000000000=no&Rx.1=no");
  CHECK(parameters.list("R").value() == Texts{"a", "b", "c", "d"});
  CHECK(parameters.elements("R") == Texts{"R.0", "R.1", "R.2", "R.007", "R.10"});
  CHECK(parameters.list("None").value().empty());
  const auto tags = read("Tag.1.Key=k&Tag.1.Value=&Tag.3.Key=l");
  CHECK(tags.elements("Tag") == Texts{"Tag.1", "Tag.3"});
}

TEST_CASE("EC2: an empty value is none, but where it is asked for") {
  const auto parameters = read("Placement.AvailabilityZone=&V.1=&V.2=x&DryRun=");
  CHECK(parameters.find("Placement.AvailabilityZone") == nullptr);
  CHECK(parameters.find_even_empty("Placement.AvailabilityZone") != nullptr);
  CHECK_FALSE(parameters.boolean_or("DryRun", false).value());
  CHECK(parameters.list("V").value() == Texts{"x"});
  CHECK(parameters.list_even_empty("V") == Texts{"", "x"});
  CHECK(parameters.required("Placement.AvailabilityZone").error() ==
        Error{ErrorCode::missing_parameter,
              "The request must contain the parameter Placement.AvailabilityZone"});
}

TEST_CASE("EC2: values are read by their kinds") {
  const auto parameters =
      read("t=TRUE&f=false&b=yes&n=12&m=-1&o=99&at=2026-11-25T21:34:50Z&d=aGk%3D&w=a%0AGk%3D&e=a!");
  CHECK(parameters.boolean("t").value() == true);
  CHECK(parameters.boolean("f").value() == false);
  CHECK(parameters.boolean("b").error().message == "Invalid value 'yes' for b.");
  CHECK(parameters.integer("n", 20).value() == 12);
  CHECK_FALSE(parameters.integer("m", 20));
  CHECK_FALSE(parameters.integer("o", 20));
  CHECK(parameters.instant("at").value().has_value());
  CHECK_FALSE(parameters.instant("n"));
  CHECK(parameters.base64("d").value() == "hi");
  CHECK(parameters.base64("w").value() == "hi");
  CHECK_FALSE(parameters.base64("e"));
  CHECK_FALSE(parameters.base64("none").value());
}

TEST_CASE("EC2: what cannot be meant, or shown again, is refused") {
  for (const char* raw :
       {"a=%", "a=%4", "a=%zz", "a=%00", "a=%ff", "a=%1b", "%01=a", "a=%ef%bf%be"}) {
    INFO(raw);
    CHECK(code_of(raw) == ErrorCode::malformed_query_string);
    CHECK(code_of("", raw) == ErrorCode::malformed_query_string);
  }
  CHECK(*read("a=%0d%0a%09").find("a") == "\r\n\t");
}

TEST_CASE("EC2: the limits hold, and not one more") {
  std::string many;
  for (std::size_t i = 0; i < parameters_max; ++i) {
    many += "&" + std::to_string(i);
  }
  CHECK(Parameters::read(many, ""));
  CHECK(code_of(many, "more=1") == ErrorCode::invalid_parameter_value);
  const std::string large(parameter_bytes_max - 2, 'x');
  CHECK(Parameters::read("a=", large.substr(0, large.size())));
  CHECK(code_of("a=1", large) == ErrorCode::request_too_large);
  std::string ids;
  for (std::size_t i = 0; i <= ids_max; ++i) {
    ids += "&I." + std::to_string(i) + "=i";
  }
  CHECK_FALSE(read(ids).list("I"));
  CHECK(read(ids).list("I", ids_max + 1));
}

}  // namespace
}  // namespace vsim::ec2
