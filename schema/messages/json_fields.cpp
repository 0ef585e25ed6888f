#include "schema/messages/json_fields.h"

#include <cmath>

#include "schema/messages/instant_text.h"

namespace vsim::messages {
namespace {

constexpr std::string_view span_complaint = "must be a span of time of 10000 years at most";

simdjson::dom::array no_elements() {
  thread_local simdjson::dom::parser parser;
  thread_local const simdjson::dom::element empty = parser.parse(std::string_view("[]"));
  return empty.get_array();
}

}  // namespace

bool Fields::has(std::string_view name) const {
  simdjson::dom::element value;
  return object_[name].get(value) == simdjson::SUCCESS && !value.is_null();
}

void Fields::complain(std::string_view name, std::string_view what) const {
  if (!error_.empty()) {
    return;
  }
  error_.append("\"").append(name).append("\" ").append(what);
}

std::string_view Fields::text(std::string_view name) const {
  std::string_view value;
  if (object_[name].get(value) != simdjson::SUCCESS) {
    complain(name, "must be a string");
  }
  return value;
}

std::uint64_t Fields::count(std::string_view name) const {
  std::uint64_t value = 0;
  if (object_[name].get(value) != simdjson::SUCCESS) {
    complain(name, "must be a whole number, 0 or more");
  }
  return value;
}

std::int64_t Fields::integer(std::string_view name) const {
  std::int64_t value = 0;
  if (object_[name].get(value) == simdjson::SUCCESS) {
    return value;
  }
  // 60.0 is 60 in JSON: some writers know no other numbers. Beyond 2^53 they are not exact.
  constexpr double exact_max = 9'007'199'254'740'992;
  double real = 0;
  const bool whole = object_[name].get(real) == simdjson::SUCCESS && std::abs(real) <= exact_max &&
                     std::trunc(real) == real;
  if (!whole) {
    complain(name, "must be a whole number");
  }
  return whole ? static_cast<std::int64_t>(real) : 0;
}

double Fields::real(std::string_view name) const {
  double value = 0;
  if (object_[name].get(value) != simdjson::SUCCESS) {
    complain(name, "must be a number");
  }
  return value;
}

bool Fields::boolean(std::string_view name) const {
  bool value = false;
  if (object_[name].get(value) != simdjson::SUCCESS) {
    complain(name, "must be true or false");
  }
  return value;
}

Instant Fields::instant(std::string_view name) const {
  const auto value = parse_instant(text(name));
  if (!value) {
    complain(name, "must be an RFC 3339 time in UTC");
  }
  return value.value_or(Instant{});
}

Duration Fields::milliseconds(std::string_view name) const {
  const Duration span(integer(name));
  if (span >= -span_max && span <= span_max) {
    return span;
  }
  complain(name, span_complaint);
  return {};
}

std::chrono::seconds Fields::seconds(std::string_view name) const {
  const std::chrono::seconds span(integer(name));
  if (span >= -span_max && span <= span_max) {
    return span;
  }
  complain(name, span_complaint);
  return {};
}

Uuid Fields::uuid(std::string_view name) const {
  const auto value = Uuid::parse(text(name));
  if (!value) {
    complain(name, "must be a UUID");
  }
  return value.value_or(Uuid{});
}

Ipv4 Fields::ip(std::string_view name) const {
  const auto value = Ipv4::parse(text(name));
  if (!value) {
    complain(name, "must be an IPv4 address");
  }
  return value.value_or(Ipv4{});
}

Fields Fields::object(std::string_view name) const {
  simdjson::dom::object value;
  if (object_[name].get(value) != simdjson::SUCCESS) {
    complain(name, "must be an object");
    return *this;  // what is read from it is not looked at after an error
  }
  return Fields(value, error_);
}

simdjson::dom::array Fields::array(std::string_view name) const {
  simdjson::dom::array value;
  if (object_[name].get(value) == simdjson::SUCCESS) {
    return value;
  }
  complain(name, "must be an array");
  return no_elements();  // an array of no document must not be walked over
}

std::optional<simdjson::dom::object> parse_object(std::string_view json, std::string& error) {
  thread_local simdjson::dom::parser parser(json_bytes_max);
  thread_local bool depth_is_set = false;
  if (!depth_is_set) {
    depth_is_set = parser.allocate(json_bytes_max / 4, json_depth_max) == simdjson::SUCCESS;
  }
  simdjson::dom::element root;
  const auto failure = parser.parse(json.data(), json.size()).get(root);
  if (failure != simdjson::SUCCESS) {
    error = std::string("no JSON: ") + simdjson::error_message(failure);
    return std::nullopt;
  }
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    error = "must be a JSON object";
    return std::nullopt;
  }
  return object;
}

}  // namespace vsim::messages
