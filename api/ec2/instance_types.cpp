#include "api/ec2/instance_types.h"

#include <algorithm>
#include <array>

#include "api/ec2/filter_names.h"

namespace vsim::ec2 {
namespace {

struct KnownSize {
  std::string_view name;
  MachineSize size;
};

constexpr std::array<KnownSize, 11> known_types = {{{"t1.micro", {1, 627}},
                                                    {"t2.nano", {1, 512}},
                                                    {"t2.micro", {1, 1024}},
                                                    {"t2.small", {1, 2048}},
                                                    {"t2.medium", {2, 4096}},
                                                    {"t2.large", {2, 8192}},
                                                    {"t2.xlarge", {4, 16384}},
                                                    {"t2.2xlarge", {8, 32768}},
                                                    {"m1.small", {1, 1740}},
                                                    {"m1.medium", {1, 3788}},
                                                    {"m1.large", {2, 7680}}}};

// As the general-purpose families have them.
constexpr std::array<KnownSize, 10> known_sizes = {{{"nano", {2, 512}},
                                                    {"micro", {2, 1024}},
                                                    {"small", {2, 2048}},
                                                    {"medium", {2, 4096}},
                                                    {"large", {2, 8192}},
                                                    {"xlarge", {4, 16384}},
                                                    {"2xlarge", {8, 32768}},
                                                    {"4xlarge", {16, 65536}},
                                                    {"8xlarge", {32, 131072}},
                                                    {"16xlarge", {64, 262144}}}};

template <std::size_t count>
const MachineSize* find(const std::array<KnownSize, count>& list, std::string_view name) {
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const KnownSize& known) { return known.name == name; });
  return found == list.end() ? nullptr : &found->size;
}

bool is_current(std::string_view type) {
  return !type.starts_with("t1.") && !type.starts_with("m1.");
}

Element type_element(const std::string& name, const MachineSize& size) {
  Element processor("processorInfo");
  processor.set("supportedArchitectures", {text_item("x86_64")});
  Element vcpus("vCpuInfo");
  vcpus.number("defaultVCpus", size.vcpus)
      .number("defaultCores", size.vcpus)
      .number("defaultThreadsPerCore", 1);
  Element element("item");
  element.text("instanceType", name)
      .flag("currentGeneration", is_current(name))
      .flag("freeTierEligible", name == "t2.micro")
      .set("supportedUsageClasses", {text_item("on-demand")})
      .set("supportedRootDeviceTypes", {text_item("ebs")})
      .set("supportedVirtualizationTypes", {text_item("hvm")})
      .flag("bareMetal", false)
      .text("hypervisor", "xen")
      .add(std::move(processor))
      .add(std::move(vcpus))
      .add(Element("memoryInfo").number("sizeInMiB", size.memory_mib))
      .flag("instanceStorageSupported", false)
      .flag("hibernationSupported", false)
      .flag("burstablePerformanceSupported", is_burstable(name))
      .flag("dedicatedHostsSupported", false)
      .flag("autoRecoverySupported", true);
  return element;
}

constexpr std::array<FilterPath, 8> type_paths = {{
    {"supported-usage-class", "supportedUsageClasses"},
    {"supported-root-device-type", "supportedRootDeviceTypes"},
    {"supported-virtualization-type", "supportedVirtualizationTypes"},
    {"processor-info.supported-architecture", "processorInfo/supportedArchitectures"},
    {"memory-info.size-in-mib", "memoryInfo/sizeInMiB"},
    {"vcpu-info.default-vcpus", "vCpuInfo/defaultVCpus"},
    {"vcpu-info.default-cores", "vCpuInfo/defaultCores"},
    {"vcpu-info.default-threads-per-core", "vCpuInfo/defaultThreadsPerCore"},
}};

std::vector<std::string> locations(const Place& place, const std::string& location_type) {
  if (location_type == "region") {
    return {place.region};
  }
  std::vector<std::string> zones;
  for (const char letter : zone_letters) {
    zones.push_back(location_type == "availability-zone" ? zone_name(place, letter)
                                                         : zone_id(place, letter));
  }
  return zones;
}

}  // namespace

const FilterTable instance_type_filter_table{instance_types_filters, type_paths};
const FilterTable offering_filter_table{instance_type_offerings_filters};

bool is_burstable(std::string_view type) { return type.starts_with('t'); }

MachineSize usual_size(std::string_view type) {
  if (const auto* known = find(known_types, type)) {
    return *known;
  }
  const std::size_t dot = type.rfind('.');
  const auto* known =
      dot == std::string_view::npos ? nullptr : find(known_sizes, type.substr(dot + 1));
  return known == nullptr ? MachineSize() : *known;
}

MachineSize size_of(const InstanceTypes& types, const std::string& type) {
  const auto found = types.find(type);
  return found == types.end() ? usual_size(type) : found->second;
}

Reply<std::vector<Element>> instance_type_elements(const InstanceTypes& types,
                                                   const std::vector<std::string>& wanted) {
  std::string unknown;
  for (const std::string& name : wanted) {
    if (types.count(name) == 0) {
      (unknown += unknown.empty() ? "" : ", ") += name;
    }
  }
  if (!unknown.empty()) {
    return refused(ErrorCode::invalid_instance_type,
                   "The following supplied instance types do not exist: [" + unknown + "]");
  }
  std::vector<Element> elements;
  for (const auto& [name, size] : types) {
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end()) {
      elements.push_back(type_element(name, size));
    }
  }
  return elements;
}

Reply<std::vector<Element>> offering_elements(const InstanceTypes& types, const Place& place,
                                              const std::string& location_type) {
  if (location_type != "region" && location_type != "availability-zone" &&
      location_type != "availability-zone-id") {
    return invalid_value(location_type, "LocationType");
  }
  std::vector<Element> elements;
  for (const auto& type : types) {
    for (const std::string& location : locations(place, location_type)) {
      Element element("item");
      element.text("instanceType", type.first)
          .text("locationType", location_type)
          .text("location", location);
      elements.push_back(std::move(element));
    }
  }
  return elements;
}

}  // namespace vsim::ec2
