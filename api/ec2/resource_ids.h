#pragma once

// Ids as EC2 writes them: a prefix and 17 digits. All are derived, none is stored: an instance's
// from its server's id, those around it from names. D79

#include <string>
#include <string_view>
#include <vector>

#include "api/ec2/errors.h"
#include "domain/ids.h"

namespace vsim::ec2 {

inline constexpr std::size_t id_digits = 17;
inline constexpr std::size_t old_id_digits = 8;  // of ids from before 2016, which still parse

/// "i-" and the last 17 hexadecimal digits of the server's UUID.
std::string instance_id(const ServerId& server);

/// The one resource of this kind that there is for the owner: a region, a zone, an instance.
std::string derived_id(std::string_view prefix, std::string_view owner);

/// Whether the text is the prefix, a dash, and 8 or 17 digits in lower case.
bool is_resource_id(std::string_view text, std::string_view prefix);

/// The digits of an instance's id; an error for what can be none.
Reply<std::string> instance_digits(std::string_view text);
Reply<void> check_image_id(std::string_view text);

/// The kind of what an id names, as tags tell it: "instance"; empty for what has no tags here.
std::string_view resource_type_of(std::string_view id);

/// One or several that are well-formed and that nothing here has.
Error unknown_instances(const std::vector<std::string>& ids);

}  // namespace vsim::ec2
