#include "schema/messages/profile_codec.h"

#include <array>
#include <optional>
#include <string>

#include "schema/messages/json_fields.h"

namespace vsim::messages {
namespace {

constexpr std::array all_transitions = {Transition::create, Transition::start, Transition::stop,
                                        Transition::reboot, Transition::terminate};
static_assert(all_transitions.size() == transition_count);

struct WriteDelay {
  JsonWriter& json;
  void operator()(const FixedDelay& delay) const { json.member("fixed_ms", delay.length.count()); }
  void operator()(const UniformDelay& delay) const {
    json.key("uniform_ms");
    json.begin_array();
    json.number(delay.shortest.count());
    json.number(delay.longest.count());
    json.end_array();
  }
  void operator()(const LognormalDelay& delay) const {
    json.member("median_ms", delay.median.count());
    json.key("sigma");
    json.real(delay.sigma);
    json.member("longest_ms", delay.longest.count());
  }
  void operator()(const ExponentialDelay& delay) const {
    json.member("mean_ms", delay.mean.count());
    json.member("longest_ms", delay.longest.count());
  }
};

constexpr std::array all_hazards = {Hazard::host_failure, Hazard::impairment, Hazard::interruption};
static_assert(all_hazards.size() == hazard_count);

void write_course(JsonWriter& json, const Course& course) {
  json.begin_object();
  json.member("weight", course.weight);
  if (course.ending != Ending::stuck) {
    std::visit(WriteDelay{json}, course.delay);
  }
  if (course.ending != Ending::usual) {
    json.member("ends", to_string(course.ending));
  }
  if (!course.code.empty()) {
    json.member("code", course.code);
  }
  if (!course.detail.empty()) {
    json.member("detail", course.detail);
  }
  json.end_object();
}

Courses read_courses_of(std::string_view transition, const Fields& fields) {
  simdjson::dom::element ways;
  if (fields.raw()[transition].get(ways) == simdjson::SUCCESS && !ways.is_array()) {
    return {read_delay(fields.object(transition))};
  }
  Courses courses;
  fields.each_object(transition,
                     [&](const Fields& course) { courses.several.push_back(read_course(course)); });
  if (weight_of(courses.several) == 0) {
    fields.complain(transition, "must have a course with a weight above 0");
    courses.several.clear();
  }
  return courses;
}

std::string optional_text(const Fields& fields, std::string_view name) {
  return std::string(fields.has(name) ? fields.text(name) : "");
}

}  // namespace

void write_delay(JsonWriter& json, const Delay& delay) {
  json.begin_object();
  std::visit(WriteDelay{json}, delay);
  json.end_object();
}

Delay read_delay(const Fields& fields) {
  if (fields.has("fixed_ms")) {
    return FixedDelay{fields.milliseconds("fixed_ms")};
  }
  if (fields.has("median_ms")) {
    return LognormalDelay{fields.milliseconds("median_ms"), fields.real("sigma"),
                          fields.milliseconds("longest_ms")};
  }
  if (fields.has("mean_ms")) {
    return ExponentialDelay{fields.milliseconds("mean_ms"), fields.milliseconds("longest_ms")};
  }
  std::array<std::int64_t, 2> bounds{};
  std::size_t found = 0;
  for (const auto bound : fields.array("uniform_ms")) {
    if (found < bounds.size() && bound.get(bounds[found]) != simdjson::SUCCESS) {
      found = 2;
    }
    ++found;
  }
  const UniformDelay delay{Duration(bounds[0]), Duration(bounds[1])};
  if (found != 2 || delay.shortest < -span_max || delay.longest > span_max) {
    fields.complain("uniform_ms", "must be two whole numbers, of 10000 years at most");
    return UniformDelay{};
  }
  return delay;
}

void write_courses(JsonWriter& json, const AllCourses& courses) {
  json.begin_object();
  for (const auto transition : all_transitions) {
    const auto& ways = courses[static_cast<std::size_t>(transition)];
    json.key(to_string(transition));
    if (ways.several.empty()) {
      write_delay(json, ways.usual);
      continue;
    }
    json.begin_array();
    for (const auto& course : ways.several) {
      write_course(json, course);
    }
    json.end_array();
  }
  json.end_object();
}

Course read_course(const Fields& fields) {
  Course course;
  const auto weight = fields.count("weight");
  if (weight > course_weight_max) {
    fields.complain("weight", "must be 1000000 at most");
  }
  course.weight = static_cast<std::uint32_t>(weight);
  if (fields.has("ends")) {
    course.ending = fields.named("ends", ending_from);
  }
  if (course.ending != Ending::stuck) {
    course.delay = read_delay(fields);
  }
  course.code = optional_text(fields, "code");
  course.detail = optional_text(fields, "detail");
  return course;
}

AllCourses read_courses(const Fields& fields) {
  AllCourses courses;
  for (const auto transition : all_transitions) {
    courses[static_cast<std::size_t>(transition)] = read_courses_of(to_string(transition), fields);
  }
  return courses;
}

void write_risks(JsonWriter& json, const std::vector<Risk>& risks) {
  json.begin_object();
  for (const auto& risk : risks) {
    json.key(to_string(risk.hazard));
    json.begin_object();
    json.key("after");
    write_delay(json, risk.after);
    if (risk.hazard == Hazard::impairment) {
      json.key("lasting");
      write_delay(json, risk.lasting);
    }
    if (risk.hazard == Hazard::host_failure) {
      json.member("ends", to_string(risk.becomes));
    }
    json.end_object();
  }
  json.end_object();
}

Risk read_risk(Hazard hazard, const Fields& fields) {
  Risk risk{.hazard = hazard, .after = read_delay(fields.object("after"))};
  if (hazard == Hazard::impairment) {
    risk.lasting = read_delay(fields.object("lasting"));
  }
  if (hazard == Hazard::host_failure) {
    risk.becomes = fields.named("ends", status_from);
    if (risk.becomes != Status::stopped && risk.becomes != Status::failed) {
      fields.complain("ends", "must be STOPPED or FAILED");
    }
  }
  return risk;
}

std::vector<Risk> read_risks(const Fields& fields) {
  std::vector<Risk> risks;
  for (const auto hazard : all_hazards) {
    if (fields.has(to_string(hazard))) {
      risks.push_back(read_risk(hazard, fields.object(to_string(hazard))));
    }
  }
  return risks;
}

void write_billing(JsonWriter& json, const BillingPolicy& policy) {
  json.begin_object();
  json.key("billable");
  json.begin_array();
  for (std::size_t i = 0; i < status_count; ++i) {
    if (policy.billable[i]) {
      json.string(to_string(static_cast<Status>(i)));
    }
  }
  json.end_array();
  json.member("granularity_seconds", policy.granularity.count());
  json.member("minimum_seconds", policy.minimum.count());
  json.end_object();
}

BillingPolicy read_billing(const Fields& fields) {
  BillingPolicy policy;
  for (const auto name : fields.array("billable")) {
    std::string_view text;
    const auto status = name.get(text) == simdjson::SUCCESS ? status_from(text) : std::nullopt;
    if (!status) {
      fields.complain("billable", "must be an array of states");
      return policy;
    }
    policy.billable[static_cast<std::size_t>(*status)] = true;
  }
  policy.granularity = fields.seconds("granularity_seconds");
  policy.minimum = fields.seconds("minimum_seconds");
  if (policy.granularity.count() < 1) {
    fields.complain("granularity_seconds", "must be 1 or more");
  }
  if (policy.minimum.count() < 0) {
    fields.complain("minimum_seconds", "must be 0 or more");
  }
  return policy;
}

}  // namespace vsim::messages
