#include "api/ec2/networks.h"

#include <algorithm>
#include <array>

#include "api/ec2/filter_names.h"
#include "api/ec2/resource_ids.h"

namespace vsim::ec2 {
namespace {

constexpr std::string_view no_opt_in = "opt-in-not-required";
constexpr std::string_view anywhere = "0.0.0.0/0";
constexpr std::string_view default_group = "default";

std::string pool_cidr(const Pool& pool) { return smallest_cidr(pool.first, pool.last); }

Element cidr_association(const Place& place, const Pool& pool) {
  Element element("item");
  element.text("cidrBlock", pool_cidr(pool))
      .text("associationId", derived_id("vpc-cidr-assoc", place.region))
      .add(Element("cidrBlockState").text("state", "associated"));
  return element;
}

Element everything_out() {
  Element range("item");
  range.text("cidrIp", anywhere);
  Element permission("item");
  permission.text("ipProtocol", "-1")
      .set("groups", {})
      .set("ipRanges", {range})
      .set("ipv6Ranges", {})
      .set("prefixListIds", {});
  return permission;
}

Element everything_within(const Place& place) {
  Element group("item");
  group.text("userId", place.owner).text("groupId", group_id(place));
  Element permission("item");
  permission.text("ipProtocol", "-1")
      .set("groups", {group})
      .set("ipRanges", {})
      .set("ipv6Ranges", {})
      .set("prefixListIds", {});
  return permission;
}

Element local_route(const Pool& pool) {
  Element element("item");
  element.text("destinationCidrBlock", pool_cidr(pool))
      .text("gatewayId", "local")
      .text("state", "active")
      .text("origin", "CreateRouteTable");
  return element;
}

Element attribute(std::string_view name, const std::vector<std::string>& values) {
  std::vector<Element> items;
  for (const std::string& value : values) {
    items.push_back(Element("item").text("attributeValue", value));
  }
  Element element("item");
  element.text("attributeName", name).set("attributeValueSet", std::move(items));
  return element;
}

constexpr std::array<FilterPath, 2> region_paths = {{
    {"endpoint", "regionEndpoint"},
    {"opt-in-status", "optInStatus"},
}};

constexpr std::array<FilterPath, 1> zone_paths = {{{"state", "zoneState"}}};

constexpr std::array<FilterPath, 5> vpc_paths = {{
    {"cidr", "cidrBlock"},
    {"cidr-block-association.cidr-block", "cidrBlockAssociationSet/cidrBlock"},
    {"cidr-block-association.association-id", "cidrBlockAssociationSet/associationId"},
    {"cidr-block-association.state", "cidrBlockAssociationSet/cidrBlockState/state"},
    {"dhcp-options-id", "dhcpOptionsId"},
}};

constexpr std::array<FilterPath, 2> subnet_paths = {{
    {"cidr", "cidrBlock"},
    {"available-ip-address-count", "availableIpAddressCount"},
}};

constexpr std::array<FilterPath, 5> group_paths = {{
    {"description", "groupDescription"},
    {"ip-permission.protocol", "ipPermissions/ipProtocol"},
    {"ip-permission.group-id", "ipPermissions/groups/groupId"},
    {"ip-permission.user-id", "ipPermissions/groups/userId"},
    {"egress.ip-permission.cidr", "ipPermissionsEgress/ipRanges/cidrIp"},
}};

constexpr std::array<FilterPath, 7> route_table_paths = {{
    {"association.main", "associationSet/main"},
    {"association.route-table-id", "associationSet/routeTableId"},
    {"association.route-table-association-id", "associationSet/routeTableAssociationId"},
    {"route.destination-cidr-block", "routeSet/destinationCidrBlock"},
    {"route.gateway-id", "routeSet/gatewayId"},
    {"route.state", "routeSet/state"},
    {"route.origin", "routeSet/origin"},
}};

}  // namespace

const FilterTable region_filter_table{regions_filters, region_paths};
const FilterTable zone_filter_table{availability_zones_filters, zone_paths};
const FilterTable vpc_filter_table{vpcs_filters, vpc_paths};
const FilterTable subnet_filter_table{subnets_filters, subnet_paths};
const FilterTable group_filter_table{security_groups_filters, group_paths};
const FilterTable route_table_filter_table{route_tables_filters, route_table_paths};

std::vector<Element> region_elements(const std::vector<std::string>& regions) {
  std::vector<Element> elements;
  for (const std::string& region : regions) {
    Element element("item");
    element.text("regionName", region)
        .text("regionEndpoint", "ec2." + region + ".amazonaws.com")
        .text("optInStatus", no_opt_in);
    elements.push_back(std::move(element));
  }
  return elements;
}

std::vector<Element> zone_elements(const Place& place) {
  std::vector<Element> elements;
  for (const char letter : zone_letters) {
    Element element("item");
    element.text("zoneName", zone_name(place, letter))
        .text("zoneState", "available")
        .text("regionName", place.region)
        .set("messageSet", {})
        .text("zoneId", zone_id(place, letter))
        .text("zoneType", "availability-zone")
        .text("optInStatus", no_opt_in)
        .text("groupName", place.region)
        .text("networkBorderGroup", place.region);
    elements.push_back(std::move(element));
  }
  return elements;
}

std::vector<Element> vpc_elements(const Place& place, const Pool& pool) {
  Element element("item");
  element.text("vpcId", vpc_id(place))
      .text("ownerId", place.owner)
      .text("state", "available")
      .text("cidrBlock", pool_cidr(pool))
      .set("cidrBlockAssociationSet", {cidr_association(place, pool)})
      .text("dhcpOptionsId", dhcp_options_id(place))
      .text("instanceTenancy", "default")
      .flag("isDefault", true);
  return {element};
}

std::vector<Element> subnet_elements(const Place& place, const Pool& pool) {
  std::vector<Element> elements;
  for (const char letter : zone_letters) {
    const std::string id = subnet_id(zone_name(place, letter));
    Element element("item");
    element.text("subnetId", id)
        .text("subnetArn", resource_name(place, "subnet", id))
        .text("state", "available")
        .text("ownerId", place.owner)
        .text("vpcId", vpc_id(place))
        .text("cidrBlock", pool_cidr(pool))
        .number("availableIpAddressCount", pool.free)
        .text("availabilityZone", zone_name(place, letter))
        .text("availabilityZoneId", zone_id(place, letter))
        .flag("defaultForAz", true)
        .flag("mapPublicIpOnLaunch", false)
        .flag("assignIpv6AddressOnCreation", false);
    elements.push_back(std::move(element));
  }
  return elements;
}

std::vector<Element> group_elements(const Place& place) {
  Element element("item");
  element.text("ownerId", place.owner)
      .text("groupId", group_id(place))
      .text("groupName", default_group)
      .text("groupDescription", "default VPC security group")
      .text("vpcId", vpc_id(place))
      .set("ipPermissions", {everything_within(place)})
      .set("ipPermissionsEgress", {everything_out()});
  return {element};
}

std::vector<Element> route_table_elements(const Place& place, const Pool& pool) {
  Element association("item");
  association.text("routeTableAssociationId", derived_id("rtbassoc", place.region))
      .text("routeTableId", route_table_id(place))
      .flag("main", true);
  Element element("item");
  element.text("routeTableId", route_table_id(place))
      .text("vpcId", vpc_id(place))
      .text("ownerId", place.owner)
      .set("routeSet", {local_route(pool)})
      .set("associationSet", {association})
      .set("propagatingVgwSet", {});
  return {element};
}

Reply<std::vector<Element>> account_attribute_elements(const Place& place,
                                                       const std::vector<std::string>& wanted,
                                                       std::uint64_t instances_max) {
  const std::string instances = std::to_string(instances_max);
  const auto all = {attribute("supported-platforms", {"VPC"}),
                    attribute("default-vpc", {vpc_id(place)}),
                    attribute("max-instances", {instances}),
                    attribute("vpc-max-security-groups-per-interface", {"5"}),
                    attribute("max-elastic-ips", {"5"}),
                    attribute("vpc-max-elastic-ips", {"5"})};
  return wanted_only(
      all, "attributeName", wanted,
      {ErrorCode::invalid_parameter_value, "Invalid value '", "' for attributeName."});
}

Reply<std::vector<Element>> wanted_only(std::vector<Element> resources, std::string_view path,
                                        const std::vector<std::string>& wanted,
                                        const MissingWords& missing) {
  const auto has = [&](const Element& resource, const std::string& text) {
    const auto values = resource.values(path);
    return std::find(values.begin(), values.end(), text) != values.end();
  };
  for (const std::string& text : wanted) {
    if (std::none_of(resources.begin(), resources.end(),
                     [&](const Element& resource) { return has(resource, text); })) {
      return refused(missing.code, std::string(missing.before) + text + std::string(missing.after));
    }
  }
  const auto is_unwanted = [&](const Element& resource) {
    return std::none_of(wanted.begin(), wanted.end(),
                        [&](const std::string& text) { return has(resource, text); });
  };
  if (!wanted.empty()) {
    resources.erase(std::remove_if(resources.begin(), resources.end(), is_unwanted),
                    resources.end());
  }
  return resources;
}

}  // namespace vsim::ec2
