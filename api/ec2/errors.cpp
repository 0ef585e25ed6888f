#include "api/ec2/errors.h"

#include <array>

#include "api/ec2/xml.h"

namespace vsim::ec2 {
namespace {

struct CodeRow {
  ErrorCode code;
  std::string_view name;
  int status;
};

// Statuses are what SDKs go by: they repeat what is answered 500 or 503 by themselves.
constexpr std::array<CodeRow, error_code_count> rows = {{
    {ErrorCode::missing_action, "MissingAction", 400},
    {ErrorCode::invalid_action, "InvalidAction", 400},
    {ErrorCode::missing_parameter, "MissingParameter", 400},
    {ErrorCode::invalid_parameter_value, "InvalidParameterValue", 400},
    {ErrorCode::invalid_parameter_combination, "InvalidParameterCombination", 400},
    {ErrorCode::malformed_query_string, "MalformedQueryString", 400},
    {ErrorCode::unsupported_operation, "UnsupportedOperation", 400},
    {ErrorCode::instance_id_malformed, "InvalidInstanceID.Malformed", 400},
    {ErrorCode::instance_id_not_found, "InvalidInstanceID.NotFound", 400},
    {ErrorCode::invalid_id, "InvalidID", 400},
    {ErrorCode::image_id_malformed, "InvalidAMIID.Malformed", 400},
    {ErrorCode::image_id_not_found, "InvalidAMIID.NotFound", 400},
    {ErrorCode::subnet_id_not_found, "InvalidSubnetID.NotFound", 400},
    {ErrorCode::group_not_found, "InvalidGroup.NotFound", 400},
    {ErrorCode::key_pair_not_found, "InvalidKeyPair.NotFound", 400},
    {ErrorCode::vpc_id_not_found, "InvalidVpcID.NotFound", 400},
    {ErrorCode::volume_not_found, "InvalidVolume.NotFound", 400},
    {ErrorCode::interface_not_found, "InvalidNetworkInterfaceID.NotFound", 400},
    {ErrorCode::address_not_found, "InvalidAddress.NotFound", 400},
    {ErrorCode::route_table_not_found, "InvalidRouteTableID.NotFound", 400},
    {ErrorCode::snapshot_not_found, "InvalidSnapshot.NotFound", 400},
    {ErrorCode::launch_template_not_found, "InvalidLaunchTemplateName.NotFoundException", 400},
    {ErrorCode::invalid_instance_type, "InvalidInstanceType", 400},
    {ErrorCode::invalid_instance_attribute_value, "InvalidInstanceAttributeValue", 400},
    {ErrorCode::invalid_user_data, "InvalidUserData.Malformed", 400},
    {ErrorCode::incorrect_instance_state, "IncorrectInstanceState", 400},
    {ErrorCode::operation_not_permitted, "OperationNotPermitted", 400},
    {ErrorCode::idempotent_parameter_mismatch, "IdempotentParameterMismatch", 400},
    {ErrorCode::idempotent_instance_terminated, "IdempotentInstanceTerminated", 400},
    {ErrorCode::insufficient_free_addresses, "InsufficientFreeAddressesInSubnet", 400},
    {ErrorCode::address_in_use, "InvalidIPAddress.InUse", 400},
    {ErrorCode::insufficient_instance_capacity, "InsufficientInstanceCapacity", 500},
    {ErrorCode::vcpu_limit_exceeded, "VcpuLimitExceeded", 400},
    {ErrorCode::instance_limit_exceeded, "InstanceLimitExceeded", 400},
    {ErrorCode::tag_limit_exceeded, "TagLimitExceeded", 400},
    {ErrorCode::filter_limit_exceeded, "FilterLimitExceeded", 400},
    {ErrorCode::dry_run_operation, "DryRunOperation", 412},
    {ErrorCode::unauthorized_operation, "UnauthorizedOperation", 403},
    {ErrorCode::auth_failure, "AuthFailure", 401},
    {ErrorCode::request_too_large, "RequestEntityTooLarge", 413},
    {ErrorCode::request_limit_exceeded, "RequestLimitExceeded", 503},
    {ErrorCode::unavailable, "Unavailable", 503},
    {ErrorCode::internal_error, "InternalError", 500},
}};

constexpr bool in_the_order_of_the_enum() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].code != static_cast<ErrorCode>(i)) {
      return false;
    }
  }
  return true;
}
static_assert(in_the_order_of_the_enum());

const CodeRow& row_of(ErrorCode code) { return rows[static_cast<std::size_t>(code)]; }

Element code_and_message(const Error& error) {
  Element element("Error");
  element.text("Code", to_string(error.code)).text("Message", error.message);
  return element;
}

}  // namespace

std::string_view to_string(ErrorCode code) { return row_of(code).name; }

int status_of(ErrorCode code) { return row_of(code).status; }

tl::unexpected<Error> refused(ErrorCode code, std::string message) {
  return tl::unexpected(Error{code, std::move(message)});
}

tl::unexpected<Error> missing_parameter(std::string_view name) {
  return refused(ErrorCode::missing_parameter,
                 "The request must contain the parameter " + std::string(name));
}

tl::unexpected<Error> invalid_value(std::string_view value, std::string_view parameter) {
  return refused(ErrorCode::invalid_parameter_value,
                 "Invalid value '" + std::string(value) + "' for " + std::string(parameter) + ".");
}

std::string error_document(const Error& error, std::string_view request_id) {
  Element response("Response");
  response.add(Element("Errors").add(code_and_message(error))).text("RequestID", request_id);
  return std::string(xml_declaration) + response.render();
}

std::string sts_error_document(const Error& error, std::string_view request_id) {
  Element element("Error");
  element.text("Type", status_of(error.code) < 500 ? "Sender" : "Receiver")
      .text("Code", to_string(error.code))
      .text("Message", error.message);
  Element response("ErrorResponse");
  response.add(std::move(element)).text("RequestId", request_id);
  return std::string(xml_declaration) + response.render(sts_name_space);
}

}  // namespace vsim::ec2
