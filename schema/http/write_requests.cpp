#include "schema/http/write_requests.h"

#include <algorithm>
#include <array>
#include <optional>

#include "domain/letter_case.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/clock_codec.h"
#include "schema/messages/faults_codec.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/member_names.h"

namespace vsim::http {
namespace {

tl::unexpected<std::string> wrong(std::string_view why) {
  return tl::unexpected("the body is wrong: " + std::string(why));
}

/// The body's object, if it holds nothing but members that are known, each once; nothing and
/// `error` otherwise. It lives until the next JSON is parsed on this thread.
std::optional<simdjson::dom::object> read_body(std::string_view body, messages::Names known,
                                               std::string& error) {
  const auto object = messages::parse_object(body, error);
  if (!object) {
    return std::nullopt;
  }
  auto complaint = messages::find_double(*object);
  if (!complaint) {
    complaint = messages::find_unknown_member(*object, known);
  }
  error = complaint.value_or("");
  return complaint ? std::nullopt : object;
}

}  // namespace

tl::expected<CreateRequest, std::string> read_create_request(std::string_view body) {
  // A server's type has the name that it has in the queue too.
  constexpr std::array<std::string_view, 8> known{
      "name",          "region",       "type", "profile", "tags", "idle_timeout_seconds",
      "lease_seconds", "instance_type"};
  std::string error;
  const auto object = read_body(body, known, error);
  if (!object) {
    return wrong(error);
  }
  const messages::Fields fields(*object, error);
  if (fields.has("type") && fields.has("instance_type")) {
    return wrong(R"(give either "type" or "instance_type", and not both)");
  }
  const auto region = Region::parse(fields.text("region"));
  if (!error.empty()) {
    return wrong(error);
  }
  if (!region) {
    return wrong("\"region\" must be a region's name, such as us-east-1");
  }
  auto create = messages::read_create(body);
  if (!create) {
    return wrong(create.error());
  }
  return CreateRequest{*region, std::move(*create)};
}

tl::expected<Action, std::string> read_action_request(std::string_view body) {
  constexpr std::array<std::string_view, 1> known{"action"};
  std::string error;
  const auto object = read_body(body, known, error);
  if (!object) {
    return wrong(error);
  }
  const std::string name = lower_case(messages::Fields(*object, error).text("action"));
  if (!error.empty()) {
    return wrong(error);
  }
  if (name == "start") {
    return Start{};
  }
  if (name == "stop") {
    return Stop{};
  }
  if (name == "reboot") {
    return Reboot{};
  }
  if (name == "terminate") {
    return Terminate{};
  }
  return wrong("\"action\" must be start, stop, reboot or terminate");
}

tl::expected<ExtendLease, std::string> read_lease_request(std::string_view body) {
  constexpr std::array<std::string_view, 1> known{"extend_seconds"};
  std::string error;
  if (!read_body(body, known, error)) {
    return wrong(error);
  }
  const auto extension = messages::read_extend_lease(body);
  if (!extension) {
    return wrong(extension.error());
  }
  return *extension;
}

tl::expected<Acquire, std::string> read_acquire_request(std::string_view body) {
  constexpr std::array<std::string_view, 3> known{"lease_seconds", "name", "tags"};
  if (body.empty()) {
    return Acquire{};
  }
  std::string error;
  if (!read_body(body, known, error)) {
    return wrong(error);
  }
  auto acquire = messages::read_acquire(body);
  if (!acquire) {
    return wrong(acquire.error());
  }
  return std::move(*acquire);
}

std::optional<std::string> find_wrong_in_release_request(std::string_view body) {
  std::string error;
  if (body.empty() || read_body(body, {}, error)) {
    return std::nullopt;
  }
  return wrong(error).value();
}

tl::expected<ClockAction, std::string> read_clock_request(std::string_view body) {
  constexpr std::array<std::string_view, 2> known{"scale", "advance_seconds"};
  std::string error;
  const auto object = read_body(body, known, error);
  if (!object) {
    return wrong(error);
  }
  const messages::Fields fields(*object, error);
  const bool scales = fields.has("scale");
  if (scales == fields.has("advance_seconds")) {
    return wrong(R"(give either "scale" or "advance_seconds", and not both)");
  }
  const char* const member = scales ? "scale" : "advance_seconds";
  const double value = fields.real(member);
  if (!error.empty()) {
    return wrong(error);
  }
  ClockAction action = ScaleClock{value};
  if (!scales) {
    // What rounds to 0 from below is still a step back.
    action = AdvanceClock{value < 0 ? Duration(-1) : messages::milliseconds_of(value)};
  }
  if (const auto why = out_of_range(action)) {
    return wrong("\"" + std::string(member) + "\" is out of range: " + *why);
  }
  return action;
}

tl::expected<SetFaults, std::string> read_faults_request(std::string_view body) {
  constexpr std::array<std::string_view, 2> known{"rules", "seed"};
  std::string error;
  const auto object = read_body(body, known, error);
  if (!object) {
    return wrong(error);
  }
  if (const auto unknown = messages::find_unknown_rule_member(*object)) {
    return wrong(*unknown);
  }
  auto set = messages::read_set_faults(messages::Fields(*object, error));
  if (!error.empty()) {
    return wrong(error);
  }
  return set;
}

bool is_header_word(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

}  // namespace vsim::http
