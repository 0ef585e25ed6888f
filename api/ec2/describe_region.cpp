// Operations on what a region has from the beginning, and on what nothing here has.

#include <algorithm>

#include "api/ec2/filter_names.h"
#include "api/ec2/networks.h"
#include "api/ec2/operations.h"
#include "domain/decimal.h"

namespace vsim::ec2 {
namespace {

/// A page of the elements that fit the call's filters. A token holds how many came before.
Reply<Element> show(const Request& request, std::string_view set, const FilterTable& table,
                    Reply<std::vector<Element>> elements, PageBounds bounds = {}) {
  if (!elements) {
    return tl::unexpected(std::move(elements.error()));
  }
  const auto page = read_page_request(request.parameters, table, request.subject(), bounds);
  if (!page) {
    return tl::unexpected(page.error());
  }
  elements->erase(std::remove_if(elements->begin(), elements->end(),
                                 [&](const Element& element) {
                                   return !fits_all(page->filters, table, element);
                                 }),
                  elements->end());
  const std::size_t begin = std::min<std::size_t>(
      static_cast<std::size_t>(read_decimal(page->after).value_or(0)), elements->size());
  const std::size_t end = std::min<std::size_t>(begin + page->size, elements->size());
  Element answer("answer");
  const auto at = [&](std::size_t i) { return elements->begin() + static_cast<std::ptrdiff_t>(i); };
  answer.set(set, std::vector<Element>(at(begin), at(end)));
  if (end < elements->size()) {
    answer.text("nextToken", next_token(*page, request.subject(), std::to_string(end)));
  }
  return answer;
}

/// The same, of those alone that a list of the call names.
Reply<Element> show_wanted(const Request& request, std::string_view set, const FilterTable& table,
                           std::vector<Element> elements, std::string_view list,
                           std::string_view path, const MissingWords& missing) {
  const auto wanted = request.parameters.list(list);
  if (!wanted) {
    return tl::unexpected(wanted.error());
  }
  return show(request, set, table, wanted_only(std::move(elements), path, *wanted, missing));
}

constexpr std::string_view does_not_exist = "' does not exist";

using PoolElements = std::vector<Element> (*)(const Place&, const Pool&);

/// For elements that show the region's pool.
Reply<std::vector<Element>> with_pool(const Request& request, PoolElements elements) {
  const auto pool = request.fleet.pool(request.place.region);
  if (!pool) {
    return tl::unexpected(pool.error());
  }
  return elements(request.place, *pool);
}

/// For what nothing here has: an empty list, or an error for what is named all the same.
Reply<Element> show_none(const Request& request, std::string_view set, std::string_view filters,
                         std::string_view list, const MissingWords& missing) {
  return show_wanted(request, set, FilterTable{filters}, {}, list, "", missing);
}

}  // namespace

Reply<Element> describe_regions(const Request& request) {
  const auto& regions = request.offer.regions;
  return show_wanted(request, "regionInfo", region_filter_table,
                     region_elements(std::vector<std::string>(regions.begin(), regions.end())),
                     "RegionName", "regionName",
                     {ErrorCode::invalid_parameter_value, "Invalid region: '", "'"});
}

Reply<Element> describe_availability_zones(const Request& request) {
  const auto ids = request.parameters.list("ZoneId");
  if (!ids) {
    return tl::unexpected(ids.error());
  }
  const MissingWords missing{ErrorCode::invalid_parameter_value, "Invalid availability zone: [",
                             "]"};
  auto zones = wanted_only(zone_elements(request.place), "zoneId", *ids, missing);
  if (!zones) {
    return tl::unexpected(std::move(zones.error()));
  }
  return show_wanted(request, "availabilityZoneInfo", zone_filter_table, std::move(*zones),
                     "ZoneName", "zoneName", missing);
}

Reply<Element> describe_instance_types(const Request& request) {
  constexpr PageBounds bounds{.least = 5, .most = 100};
  const auto wanted = request.parameters.list("InstanceType");
  return wanted ? show(request, "instanceTypeSet", instance_type_filter_table,
                       instance_type_elements(request.offer.types, *wanted), bounds)
                : Reply<Element>(tl::unexpected(wanted.error()));
}

Reply<Element> describe_instance_type_offerings(const Request& request) {
  const auto location = request.parameters.text("LocationType").value_or("region");
  return show(request, "instanceTypeOfferingSet", offering_filter_table,
              offering_elements(request.offer.types, request.place, location));
}

Reply<Element> describe_images(const Request& request) {
  const auto ids = request.parameters.list("ImageId");
  const auto owners = request.parameters.list("Owner");
  if (!ids || !owners) {
    return tl::unexpected(ids ? owners.error() : ids.error());
  }
  return show(request, "imagesSet", image_filter_table,
              image_elements(*ids, *owners, request.offer.images));
}

Reply<Element> describe_account_attributes(const Request& request) {
  const auto wanted = request.parameters.list("AttributeName");
  return wanted
             ? show(request, "accountAttributeSet", FilterTable{""},
                    account_attribute_elements(request.place, *wanted, request.offer.instances_max))
             : Reply<Element>(tl::unexpected(wanted.error()));
}

Reply<Element> describe_vpcs(const Request& request) {
  auto vpcs = with_pool(request, vpc_elements);
  return vpcs ? show_wanted(request, "vpcSet", vpc_filter_table, std::move(*vpcs), "VpcId", "vpcId",
                            {ErrorCode::vpc_id_not_found, "The vpc ID '", does_not_exist})
              : Reply<Element>(tl::unexpected(vpcs.error()));
}

Reply<Element> describe_vpc_attribute(const Request& request) {
  const auto id = request.parameters.required("VpcId");
  const auto name = request.parameters.required("Attribute");
  if (!id || !name) {
    return tl::unexpected(id ? name.error() : id.error());
  }
  if (*id != vpc_id(request.place)) {
    return refused(ErrorCode::vpc_id_not_found, "The vpc ID '" + *id + std::string(does_not_exist));
  }
  Element answer("answer");
  answer.text("vpcId", *id);
  for (const std::string_view known : {"enableDnsSupport", "enableDnsHostnames"}) {
    if (*name == known) {
      return answer.add(Element(known).flag("value", true));
    }
  }
  return invalid_value(*name, "Attribute");
}

Reply<Element> describe_subnets(const Request& request) {
  auto subnets = with_pool(request, subnet_elements);
  return subnets ? show_wanted(request, "subnetSet", subnet_filter_table, std::move(*subnets),
                               "SubnetId", "subnetId",
                               {ErrorCode::subnet_id_not_found, "The subnet ID '", does_not_exist})
                 : Reply<Element>(tl::unexpected(subnets.error()));
}

Reply<Element> describe_security_groups(const Request& request) {
  const MissingWords missing{ErrorCode::group_not_found, "The security group '", does_not_exist};
  const auto names = request.parameters.list("GroupName");
  if (!names) {
    return tl::unexpected(names.error());
  }
  auto groups = wanted_only(group_elements(request.place), "groupName", *names, missing);
  return groups ? show_wanted(request, "securityGroupInfo", group_filter_table, std::move(*groups),
                              "GroupId", "groupId", missing)
                : Reply<Element>(tl::unexpected(groups.error()));
}

Reply<Element> describe_route_tables(const Request& request) {
  auto tables = with_pool(request, route_table_elements);
  return tables ? show_wanted(
                      request, "routeTableSet", route_table_filter_table, std::move(*tables),
                      "RouteTableId", "routeTableId",
                      {ErrorCode::route_table_not_found, "The routeTable ID '", does_not_exist})
                : Reply<Element>(tl::unexpected(tables.error()));
}

Reply<Element> describe_addresses(const Request& request) {
  return show_none(request, "addressesSet", addresses_filters, "PublicIp",
                   {ErrorCode::address_not_found, "Address '", "' not found."});
}

Reply<Element> describe_key_pairs(const Request& request) {
  return show_none(request, "keySet", key_pairs_filters, "KeyName",
                   {ErrorCode::key_pair_not_found, "The key pair '", does_not_exist});
}

Reply<Element> describe_launch_templates(const Request& request) {
  return show_none(request, "launchTemplates", launch_templates_filters, "LaunchTemplateName",
                   {ErrorCode::launch_template_not_found, "The launch template '", does_not_exist});
}

Reply<Element> describe_snapshots(const Request& request) {
  return show_none(request, "snapshotSet", snapshots_filters, "SnapshotId",
                   {ErrorCode::snapshot_not_found, "The snapshot '", "' does not exist."});
}

}  // namespace vsim::ec2
