#pragma once

// What this door refuses, as EC2 and STS say it: the table of the codes with their statuses, and
// the two envelopes. D79

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace vsim::ec2 {

enum class ErrorCode : std::uint8_t {
  missing_action,
  invalid_action,
  missing_parameter,
  invalid_parameter_value,
  invalid_parameter_combination,
  malformed_query_string,
  unsupported_operation,
  instance_id_malformed,
  instance_id_not_found,
  invalid_id,
  image_id_malformed,
  image_id_not_found,
  subnet_id_not_found,
  group_not_found,
  key_pair_not_found,
  vpc_id_not_found,
  volume_not_found,
  interface_not_found,
  address_not_found,
  route_table_not_found,
  snapshot_not_found,
  launch_template_not_found,
  invalid_instance_type,
  invalid_instance_attribute_value,
  invalid_user_data,
  incorrect_instance_state,
  operation_not_permitted,
  idempotent_parameter_mismatch,
  idempotent_instance_terminated,
  insufficient_free_addresses,
  address_in_use,
  insufficient_instance_capacity,
  vcpu_limit_exceeded,
  instance_limit_exceeded,
  tag_limit_exceeded,
  filter_limit_exceeded,
  dry_run_operation,
  unauthorized_operation,
  auth_failure,
  request_too_large,
  request_limit_exceeded,
  unavailable,
  internal_error
};
inline constexpr std::size_t error_code_count = 43;

std::string_view to_string(ErrorCode code);  // "InvalidInstanceID.NotFound"
int status_of(ErrorCode code);

struct Error {
  ErrorCode code{};
  std::string message;
  bool operator==(const Error&) const = default;
};

/// A value, or what the client is answered with instead.
template <typename T>
using Reply = tl::expected<T, Error>;

// Those that several operations say.
tl::unexpected<Error> refused(ErrorCode code, std::string message);
tl::unexpected<Error> missing_parameter(std::string_view name);
tl::unexpected<Error> invalid_value(std::string_view value, std::string_view parameter);

/// EC2's, which has no name space, and in <Error> exactly Code and Message, in this order: clients
/// take them by their places.
std::string error_document(const Error& error, std::string_view request_id);
/// That of STS.
std::string sts_error_document(const Error& error, std::string_view request_id);

}  // namespace vsim::ec2
