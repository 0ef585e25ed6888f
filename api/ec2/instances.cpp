#include "api/ec2/instances.h"

#include <algorithm>
#include <array>

#include "api/ec2/filter_names.h"
#include "api/ec2/images.h"
#include "api/ec2/instance_state.h"
#include "api/ec2/resource_ids.h"
#include "domain/server.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/sha256.h"

namespace vsim::ec2 {
namespace {

constexpr std::uint64_t root_volume_gib = 8;
constexpr std::string_view group_name = "default";
constexpr std::string_view name_tag = "Name";

std::map<std::string, std::string> read_tags(const read_model::ServerRow& server) {
  std::map<std::string, std::string> tags;
  std::string error;
  const auto object = messages::parse_object(server.tags_json, error);
  if (object) {
    for (const auto [key, value] : *object) {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) {
        tags.emplace(key, text);
      }
    }
  }
  tags.emplace(name_tag, server.name);
  return tags;
}

/// What an instance has one of is named by its digits, so that it is found like the instance.
std::string part_id(std::string_view prefix, const Instance& instance) {
  return std::string(prefix) + instance.id.substr(1);
}

/// A locally administered address that is the same for ever.
std::string mac_address(const Instance& instance) {
  const std::string digits = messages::sha256_hex("mac:" + instance.server.id);
  std::string mac = "02";
  for (std::size_t i = 0; i < 5; ++i) {
    mac += ":" + digits.substr(2 * i, 2);
  }
  return mac;
}

std::vector<Element> group_items(const Place& place) {
  Element group("item");
  group.text("groupId", group_id(place)).text("groupName", group_name);
  return {group};
}

Element state_reason_element(const StateReason& why) {
  Element element("stateReason");
  element.text("code", why.code).text("message", why.message);
  return element;
}

Element placement_element(const Place& place) {
  Element placement("placement");
  placement.text("availabilityZone", first_zone(place))
      .text("groupName", "")
      .text("tenancy", "default");
  return placement;
}

std::vector<Element> tag_items(const Instance& instance) {
  std::vector<Element> items;
  for (const auto& [key, value] : instance.tags) {
    items.push_back(Element("item").text("key", key).text("value", value));
  }
  return items;
}

Element with_value(std::string_view name, std::string_view member, std::string_view value) {
  return Element(name).text(member, value);
}

Element root_device_item(const Instance& instance) {
  Element ebs("ebs");
  ebs.text("volumeId", part_id("vol", instance))
      .text("status", "attached")
      .time("attachTime", instance.server.created_at)
      .flag("deleteOnTermination", true);
  return Element("item").text("deviceName", root_device).add(std::move(ebs));
}

/// As an instance shows that of its interface.
Element attachment_element(const Instance& instance) {
  Element attachment("attachment");
  attachment.text("attachmentId", part_id("eni-attach", instance))
      .number("deviceIndex", 0)
      .text("status", "attached")
      .time("attachTime", instance.server.created_at)
      .flag("deleteOnTermination", true);
  return attachment;
}

Element network_interface(const Instance& instance, const Place& place, Element attachment) {
  Element address("item");
  address.text("privateIpAddress", instance.server.ip).flag("primary", true);
  Element element("item");
  element.text("networkInterfaceId", part_id("eni", instance))
      .text("subnetId", subnet_id(first_zone(place)))
      .text("vpcId", vpc_id(place))
      .text("description", "")
      .text("ownerId", place.owner)
      .text("status", "in-use")
      .text("macAddress", mac_address(instance))
      .text("privateIpAddress", instance.server.ip)
      .text("privateDnsName", private_name(place, instance.server.ip))
      .flag("sourceDestCheck", true)
      .set("groupSet", group_items(place))
      .add(std::move(attachment))
      .set("privateIpAddressesSet", {address})
      .text("interfaceType", "interface");
  return element;
}

void add_network(Element& element, const Instance& instance, const Place& place) {
  element.text("subnetId", subnet_id(first_zone(place)))
      .text("vpcId", vpc_id(place))
      .text("privateIpAddress", instance.server.ip);
}

void add_metadata_options(Element& element, const Instance& instance) {
  Element metadata("metadataOptions");
  metadata.text("state", instance.status == Status::pending ? "pending" : "applied")
      .text("httpTokens", "optional")
      .number("httpPutResponseHopLimit", 1)
      .text("httpEndpoint", "enabled")
      .text("httpProtocolIpv6", "disabled")
      .text("instanceMetadataTags", "disabled");
  element.add(std::move(metadata)).add(Element("enclaveOptions").flag("enabled", false));
}

void add_machine(Element& element, const Instance& instance) {
  element.flag("ebsOptimized", false).flag("enaSupport", true);
  Element cpu("cpuOptions");
  cpu.number("coreCount", instance.size.vcpus).number("threadsPerCore", 1);
  element.add(std::move(cpu))
      .add(with_value("capacityReservationSpecification", "capacityReservationPreference", "open"))
      .add(Element("hibernationOptions").flag("configured", false));
  add_metadata_options(element, instance);
  element.text("platformDetails", "Linux/UNIX")
      .text("usageOperation", "RunInstances")
      .time("usageOperationUpdateTime", instance.server.created_at);
  Element names("privateDnsNameOptions");
  names.text("hostnameType", "ip-name")
      .flag("enableResourceNameDnsARecord", false)
      .flag("enableResourceNameDnsAAAARecord", false);
  element.add(std::move(names))
      .add(with_value("maintenanceOptions", "autoRecovery", "default"))
      .text("currentInstanceBootMode", "legacy-bios");
}

Element status_summary(std::string_view name, bool is_running) {
  Element summary(name);
  summary.text("status", is_running ? "ok" : "not-applicable");
  if (is_running) {
    summary.set("details", {Element("item").text("name", "reachability").text("status", "passed")});
  }
  return summary;
}

std::string reservation_id(const Instance& instance) { return derived_id("r", instance.server.id); }

// Where the names of filters do not spell the paths.
constexpr std::array<FilterPath, 41> instance_paths = {{
    {"instance-state-name", "instanceState/name"},
    {"instance-state-code", "instanceState/code"},
    {"availability-zone", "placement/availabilityZone"},
    {"tenancy", "placement/tenancy"},
    {"host-id", "placement/hostId"},
    {"placement-group-name", "placement/groupName"},
    {"state-reason-code", "stateReason/code"},
    {"state-reason-message", "stateReason/message"},
    {"launch-index", "amiLaunchIndex"},
    {"monitoring-state", "monitoring/state"},
    {"group-id", "groupSet/groupId"},
    {"group-name", "groupSet/groupName"},
    {"instance.group-id", "groupSet/groupId"},
    {"instance.group-name", "groupSet/groupName"},
    {"block-device-mapping.device-name", "blockDeviceMapping/deviceName"},
    {"block-device-mapping.volume-id", "blockDeviceMapping/ebs/volumeId"},
    {"block-device-mapping.status", "blockDeviceMapping/ebs/status"},
    {"block-device-mapping.attach-time", "blockDeviceMapping/ebs/attachTime"},
    {"block-device-mapping.delete-on-termination", "blockDeviceMapping/ebs/deleteOnTermination"},
    {"network-interface.network-interface-id", "networkInterfaceSet/networkInterfaceId"},
    {"network-interface.subnet-id", "networkInterfaceSet/subnetId"},
    {"network-interface.vpc-id", "networkInterfaceSet/vpcId"},
    {"network-interface.status", "networkInterfaceSet/status"},
    {"network-interface.description", "networkInterfaceSet/description"},
    {"network-interface.mac-address", "networkInterfaceSet/macAddress"},
    {"network-interface.private-dns-name", "networkInterfaceSet/privateDnsName"},
    {"network-interface.private-ip-address", "networkInterfaceSet/privateIpAddress"},
    {"network-interface.source-dest-check", "networkInterfaceSet/sourceDestCheck"},
    {"network-interface.owner-id", "networkInterfaceSet/ownerId"},
    {"network-interface.availability-zone", "placement/availabilityZone"},
    {"network-interface.group-id", "networkInterfaceSet/groupSet/groupId"},
    {"network-interface.group-name", "networkInterfaceSet/groupSet/groupName"},
    {"network-interface.addresses.private-ip-address",
     "networkInterfaceSet/privateIpAddressesSet/privateIpAddress"},
    {"network-interface.addresses.primary", "networkInterfaceSet/privateIpAddressesSet/primary"},
    {"network-interface.attachment.instance-id", "instanceId"},
    {"network-interface.attachment.attachment-id", "networkInterfaceSet/attachment/attachmentId"},
    {"network-interface.attachment.device-index", "networkInterfaceSet/attachment/deviceIndex"},
    {"network-interface.attachment.status", "networkInterfaceSet/attachment/status"},
    {"network-interface.attachment.attach-time", "networkInterfaceSet/attachment/attachTime"},
    {"network-interface.attachment.delete-on-termination",
     "networkInterfaceSet/attachment/deleteOnTermination"},
    {"iam-instance-profile.arn", "iamInstanceProfile/arn"},
}};

constexpr std::array<FilterPath, 6> status_paths = {{
    {"instance-state-name", "instanceState/name"},
    {"instance-state-code", "instanceState/code"},
    {"instance-status.status", "instanceStatus/status"},
    {"instance-status.reachability", "instanceStatus/details/status"},
    {"system-status.status", "systemStatus/status"},
    {"system-status.reachability", "systemStatus/details/status"},
}};

constexpr std::array<FilterPath, 5> volume_paths = {{
    {"attachment.instance-id", "attachmentSet/instanceId"},
    {"attachment.device", "attachmentSet/device"},
    {"attachment.status", "attachmentSet/status"},
    {"attachment.attach-time", "attachmentSet/attachTime"},
    {"attachment.delete-on-termination", "attachmentSet/deleteOnTermination"},
}};

constexpr std::array<FilterPath, 3> interface_paths = {{
    {"group-id", "groupSet/groupId"},
    {"addresses.private-ip-address", "privateIpAddressesSet/privateIpAddress"},
    {"addresses.primary", "privateIpAddressesSet/primary"},
}};

}  // namespace

const FilterTable instance_filter_table{instances_filters, instance_paths};
const FilterTable status_filter_table{instance_status_filters, status_paths};
const FilterTable tag_filter_table{tags_filters};
const FilterTable volume_filter_table{volumes_filters, volume_paths};
const FilterTable interface_filter_table{network_interfaces_filters, interface_paths};

Instance instance_of(read_model::ServerRow server, const InstanceTypes& types) {
  const auto uuid = Uuid::parse(server.id);
  const auto status = status_from(server.status);
  Instance instance;
  instance.id = uuid ? instance_id(ServerId{*uuid}) : "";
  instance.status = status.value_or(Status::pending);
  instance.tags = read_tags(server);
  instance.size = size_of(types, server.type);
  instance.server = std::move(server);
  return instance;
}

bool is_shown(const Instance& instance, Instant now) {
  return !instance.is_terminated() || now < instance.server.updated_at + terminated_shown;
}

Instant launch_time(const Instance& instance) {
  const read_model::ServerRow& server = instance.server;
  return instance.status == Status::pending ? server.updated_at
                                            : server.last_started_at.value_or(server.created_at);
}

Element instance_element(const Instance& instance, const Place& place) {
  const read_model::ServerRow& server = instance.server;
  const bool is_there = !instance.is_terminated();
  Element element("item");
  element.text("instanceId", instance.id)
      .text("imageId", usual_image)
      .add(state_element("instanceState", state_of(instance.status)))
      .text("privateDnsName", is_there ? private_name(place, server.ip) : std::string())
      .text("dnsName", "")
      .text("reason", transition_reason_of(server))
      .number("amiLaunchIndex", 0)
      .set("productCodes", {})
      .text("instanceType", server.type)
      .time("launchTime", launch_time(instance))
      .add(placement_element(place))
      .add(with_value("monitoring", "state", "disabled"));
  if (is_there) {
    add_network(element, instance, place);
    element.flag("sourceDestCheck", true);
  }
  element.set("groupSet", is_there ? group_items(place) : std::vector<Element>());
  if (const auto why = state_reason_of(server)) {
    element.add(state_reason_element(*why));
  }
  element.text("architecture", "x86_64")
      .text("rootDeviceType", "ebs")
      .text("rootDeviceName", root_device);
  element.set("blockDeviceMapping",
              is_there ? std::vector{root_device_item(instance)} : std::vector<Element>());
  element.text("virtualizationType", "hvm").text("clientToken", "");
  if (!instance.tags.empty()) {
    element.set("tagSet", tag_items(instance));
  }
  element.text("hypervisor", "xen");
  element.set("networkInterfaceSet", is_there ? std::vector{network_interface(
                                                    instance, place, attachment_element(instance))}
                                              : std::vector<Element>());
  add_machine(element, instance);
  return element;
}

Element reservation_element(const Instance& first, const Place& place,
                            std::vector<Element> instances) {
  Element element("item");
  element.text("reservationId", reservation_id(first))
      .text("ownerId", place.owner)
      .set("groupSet", {})
      .set("instancesSet", std::move(instances));
  return element;
}

Element filterable(const Instance& instance, const Place& place) {
  Element element = instance_element(instance, place);
  element.text("reservationId", reservation_id(instance)).text("ownerId", place.owner);
  return element;
}

Element instance_status_element(const Instance& instance, const Place& place) {
  const InstanceState state = state_of(instance.status);
  const bool is_running = state == state_of(Status::running);
  Element element("item");
  element.text("instanceId", instance.id)
      .text("availabilityZone", first_zone(place))
      .add(state_element("instanceState", state))
      .add(status_summary("instanceStatus", is_running))
      .add(status_summary("systemStatus", is_running));
  return element;
}

Element state_change_element(std::string_view id, Status current, Status previous) {
  Element element("item");
  element.text("instanceId", id)
      .add(state_element("currentState", state_of(current)))
      .add(state_element("previousState", state_of(previous)));
  return element;
}

std::vector<Element> tag_elements(const Instance& instance) {
  std::vector<Element> items;
  for (const auto& [key, value] : instance.tags) {
    items.push_back(Element("item")
                        .text("resourceId", instance.id)
                        .text("resourceType", "instance")
                        .text("key", key)
                        .text("value", value));
  }
  return items;
}

std::optional<Element> volume_element(const Instance& instance, const Place& place) {
  if (instance.is_terminated()) {
    return std::nullopt;
  }
  Element attachment("item");
  attachment.text("volumeId", part_id("vol", instance))
      .text("instanceId", instance.id)
      .text("device", root_device)
      .text("status", "attached")
      .time("attachTime", instance.server.created_at)
      .flag("deleteOnTermination", true);
  Element element("item");
  element.text("volumeId", part_id("vol", instance))
      .number("size", root_volume_gib)
      .text("snapshotId", "")
      .text("availabilityZone", first_zone(place))
      .text("status", "in-use")
      .time("createTime", instance.server.created_at)
      .set("attachmentSet", {attachment})
      .text("volumeType", "gp2")
      .flag("encrypted", false)
      .flag("multiAttachEnabled", false);
  return element;
}

std::optional<Element> interface_element(const Instance& instance, const Place& place) {
  if (instance.is_terminated()) {
    return std::nullopt;
  }
  Element attachment = attachment_element(instance);
  attachment.text("instanceId", instance.id).text("instanceOwnerId", place.owner);
  Element element = network_interface(instance, place, std::move(attachment));
  element.text("availabilityZone", first_zone(place));
  return element;
}

}  // namespace vsim::ec2
