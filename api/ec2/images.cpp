#include "api/ec2/images.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "api/ec2/filter_names.h"
#include "api/ec2/resource_ids.h"

namespace vsim::ec2 {
namespace {

constexpr std::string_view amazon_number = "137112412989";
constexpr std::string_view amazon_alias = "amazon";
constexpr std::string_view missing_image = "ami-00000000000000000";

struct Image {
  std::string_view id;
  std::string_view name;
  std::string_view description;
  std::string_view created;
};

constexpr std::array<Image, 3> images = {
    {{usual_image, "amzn-ami-hvm-2017.09.1-x86_64-gp2", "Amazon Linux AMI 2017.09.1 x86_64 HVM GP2",
      "2017-11-20T22:31:25.000Z"},
     {"ami-0b5eea76982371e91", "amzn2-ami-kernel-5.10-hvm-2.0-x86_64-gp2",
      "Amazon Linux 2 Kernel 5.10 AMI x86_64 HVM gp2", "2022-12-01T19:47:53.000Z"},
     {"ami-053b0d53c279acc90", "ubuntu-jammy-22.04-amd64-server",
      "Canonical, Ubuntu, 22.04 LTS, amd64 jammy image", "2023-05-16T04:15:17.000Z"}}};

Element root_device_item() {
  Element ebs("ebs");
  ebs.text("snapshotId", "snap-00000000000000001")
      .number("volumeSize", 8)
      .flag("deleteOnTermination", true)
      .text("volumeType", "gp2")
      .flag("encrypted", false);
  return Element("item").text("deviceName", root_device).add(std::move(ebs));
}

Element image_element(const Image& image) {
  Element element("item");
  element.text("imageId", image.id)
      .text("imageLocation", std::string(amazon_alias) + "/" + std::string(image.name))
      .text("imageState", "available")
      .text("imageOwnerId", amazon_number)
      .text("creationDate", image.created)
      .flag("isPublic", true)
      .text("architecture", "x86_64")
      .text("imageType", "machine")
      .text("imageOwnerAlias", amazon_alias)
      .text("name", image.name)
      .text("description", image.description)
      .text("rootDeviceType", "ebs")
      .text("rootDeviceName", root_device)
      .set("blockDeviceMapping", {root_device_item()})
      .text("virtualizationType", "hvm")
      .text("hypervisor", "xen")
      .flag("enaSupport", true)
      .text("platformDetails", "Linux/UNIX");
  return element;
}

const Image* find_image(std::string_view id) {
  const auto found = std::find_if(images.begin(), images.end(),
                                  [&](const Image& image) { return image.id == id; });
  return found == images.end() ? nullptr : found;
}

/// One that nobody made and that may be launched all the same, so that scripts keep their ids.
Image unlisted(std::string_view id) { return {id, id, id, images.front().created}; }

bool is_among(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

constexpr std::array<FilterPath, 11> image_paths = {{
    {"state", "imageState"},
    {"owner-id", "imageOwnerId"},
    {"owner-alias", "imageOwnerAlias"},
    {"manifest-location", "imageLocation"},
    {"block-device-mapping.device-name", "blockDeviceMapping/deviceName"},
    {"block-device-mapping.snapshot-id", "blockDeviceMapping/ebs/snapshotId"},
    {"block-device-mapping.volume-size", "blockDeviceMapping/ebs/volumeSize"},
    {"block-device-mapping.volume-type", "blockDeviceMapping/ebs/volumeType"},
    {"block-device-mapping.encrypted", "blockDeviceMapping/ebs/encrypted"},
    {"block-device-mapping.delete-on-termination", "blockDeviceMapping/ebs/deleteOnTermination"},
    {"source-image-id", "sourceImageId"},
}};

}  // namespace

const FilterTable image_filter_table{images_filters, image_paths};

Reply<void> check_image(std::string_view id, ImageRule rule) {
  if (auto checked = check_image_id(id); !checked) {
    return checked;
  }
  const bool exists = rule == ImageRule::any ? id != missing_image : find_image(id) != nullptr;
  if (!exists) {
    return refused(ErrorCode::image_id_not_found,
                   "The image id '[" + std::string(id) + "]' does not exist");
  }
  return {};
}

Reply<std::vector<Element>> image_elements(const std::vector<std::string>& wanted,
                                           const std::vector<std::string>& owners, ImageRule rule) {
  std::vector<Element> elements;
  const bool of_owner =
      owners.empty() || is_among(owners, amazon_number) || is_among(owners, amazon_alias);
  for (const std::string& id : wanted) {
    if (auto checked = check_image(id, rule); !checked) {
      return tl::unexpected(std::move(checked.error()));
    }
    const Image* listed = find_image(id);
    if (of_owner) {
      elements.push_back(image_element(listed != nullptr ? *listed : unlisted(id)));
    }
  }
  if (wanted.empty() && of_owner) {
    std::transform(images.begin(), images.end(), std::back_inserter(elements), image_element);
  }
  return elements;
}

}  // namespace vsim::ec2
