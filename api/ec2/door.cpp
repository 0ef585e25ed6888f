#include "api/ec2/door.h"

#include <algorithm>

namespace vsim::ec2 {
namespace {

constexpr std::string_view usual_version = "2016-11-15";
constexpr std::string_view caller_identity = "GetCallerIdentity";
constexpr std::size_t action_characters_max = 128;

/// YYYY-MM-DD, which is shown again in the name space.
bool is_version(std::string_view text) {
  constexpr std::string_view form = "0000-00-00";
  return std::equal(text.begin(), text.end(), form.begin(), form.end(),
                    [](char c, char as) { return as == '0' ? c >= '0' && c <= '9' : c == as; });
}

bool is_action(std::string_view text) {
  return text.size() <= action_characters_max && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

std::string identity_document(const Sender& sender, std::string_view request_id) {
  const std::string number = account_number(sender.own_account);
  Element result("GetCallerIdentityResult");
  result.text("Arn", "arn:aws:iam::" + number + ":user/" + sender.name)
      .text("UserId", sender.name)
      .text("Account", number);
  Element response("GetCallerIdentityResponse");
  response.add(std::move(result)).add(Element("ResponseMetadata").text("RequestId", request_id));
  return std::string(xml_declaration) + response.render(sts_name_space);
}

std::string listed(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    (out += out.empty() ? "" : ", ") += name;
  }
  return out;
}

Reply<std::string> read_action(const Parameters& parameters) {
  const std::string* action = parameters.find("Action");
  if (action == nullptr) {
    return refused(ErrorCode::missing_action, "The request must contain the parameter Action");
  }
  if (*action != caller_identity && (!is_action(*action) || find_operation(*action) == nullptr)) {
    return refused(ErrorCode::invalid_action,
                   "The action " + *action + " is not valid for this web service.");
  }
  return *action;
}

}  // namespace

struct Door::Known {
  Sender sender;
  std::string region;
};

Document Door::refusal(const Error& error, std::string_view request_id) {
  return {status_of(error.code), error_document(error, request_id)};
}

Reply<Door::Known> Door::identify(const SentRequest& request, const Parameters& parameters) {
  const bool asked = keys_.asks_for_keys();
  const auto read = read_signature(request, parameters);
  const std::optional<Signed> signature = read ? *read : std::nullopt;
  Known known{Sender(), region_of(signature, request.header("host").value_or(""), offer_.regions,
                                  offer_.usual_region)};
  if (asked) {
    const auto key = signature ? keys_.find(signature->access_key_id) : std::nullopt;
    if (!key) {
      return not_authentic();
    }
    auto checked = check_signature(*signature, request, parameters, key->secret, keys_.wall_time());
    if (!checked) {
      return tl::unexpected(std::move(checked.error()));
    }
    known.sender = key->sender;
  }
  return known;
}

Reply<Element> Door::operate(const Parameters& parameters, const Known& known,
                             const std::string& action) {
  if (offer_.regions.count(known.region) == 0) {
    return refused(ErrorCode::invalid_parameter_value,
                   "Invalid region: " + known.region + "; there are " + listed(offer_.regions));
  }
  const auto is_trial = parameters.boolean_or("DryRun", false);
  if (!is_trial) {
    return tl::unexpected(is_trial.error());
  }
  const Place place{known.region, account_number(known.sender.own_account)};
  auto answer = find_operation(action)->operate({.parameters = parameters,
                                                 .place = place,
                                                 .offer = offer_,
                                                 .fleet = fleet_,
                                                 .action = action,
                                                 .account = known.sender.account,
                                                 .sender = known.sender.name});
  if (answer && *is_trial) {
    return refused(ErrorCode::dry_run_operation,
                   "Request would have succeeded, but DryRun flag is set.");
  }
  return answer;
}

Document Door::answer(const SentRequest& request, std::string_view request_id) {
  const auto parameters = Parameters::read(request.query, request.body);
  if (!parameters) {
    return refusal(parameters.error(), request_id);
  }
  const bool is_sts = parameters->text("Action") == caller_identity;
  const auto known = identify(request, *parameters);
  if (!known) {
    return is_sts ? Document{status_of(known.error().code),
                             sts_error_document(known.error(), request_id)}
                  : refusal(known.error(), request_id);
  }
  if (is_sts) {
    return {200, identity_document(known->sender, request_id)};
  }
  const auto action = read_action(*parameters);
  if (!action) {
    return refusal(action.error(), request_id);
  }
  const auto answer = operate(*parameters, *known, *action);
  if (!answer) {
    return refusal(answer.error(), request_id);
  }
  const std::string version = parameters->text("Version").value_or("");
  return {200, response_document(*action, is_version(version) ? version : usual_version, request_id,
                                 *answer)};
}

}  // namespace vsim::ec2
