#pragma once

// Images: a short list, the same in every region. D79

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/ec2/filters.h"

namespace vsim::ec2 {

/// That of instances that were not launched with one.
inline constexpr std::string_view usual_image = "ami-12c6146b";
inline constexpr std::string_view root_device = "/dev/xvda";

/// Which images there are: any id that is well-formed, but for the one of zeros, or those listed.
enum class ImageRule : std::uint8_t { any, listed };

/// An error for an id that is malformed, or of no image.
Reply<void> check_image(std::string_view id, ImageRule rule);

/// Items of imagesSet: those named, or all that are listed; of these owners, if any are named, by
/// their number or alias.
Reply<std::vector<Element>> image_elements(const std::vector<std::string>& wanted,
                                           const std::vector<std::string>& owners, ImageRule rule);

extern const FilterTable image_filter_table;

}  // namespace vsim::ec2
