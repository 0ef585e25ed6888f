#include "schema/messages/profile_files.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "schema/messages/json_fields.h"
#include "schema/messages/json_lines.h"
#include "schema/messages/member_names.h"
#include "schema/messages/printable_text.h"
#include "schema/messages/profile_codec.h"

namespace vsim::messages {
namespace {

using NameList = std::vector<std::string_view>;

// Whether the bounds of a delay are the right way round.
struct IsInOrder {
  bool operator()(const FixedDelay& d) const { return d.length.count() >= 0; }
  bool operator()(const UniformDelay& d) const {
    return d.shortest.count() >= 0 && d.shortest <= d.longest;
  }
  bool operator()(const LognormalDelay& d) const {
    return d.median.count() > 0 && d.sigma >= 0 && d.median <= d.longest;
  }
  bool operator()(const ExponentialDelay& d) const {
    return d.mean.count() > 0 && d.longest.count() > 0;
  }
};

struct LongestOf {
  Duration operator()(const FixedDelay& d) const { return d.length; }
  Duration operator()(const UniformDelay& d) const { return d.longest; }
  Duration operator()(const LognormalDelay& d) const { return d.longest; }
  Duration operator()(const ExponentialDelay& d) const { return d.longest; }
};

struct MembersOf {
  NameList operator()(const FixedDelay&) const { return {"fixed_ms"}; }
  NameList operator()(const UniformDelay&) const { return {"uniform_ms"}; }
  NameList operator()(const LognormalDelay&) const { return {"median_ms", "sigma", "longest_ms"}; }
  NameList operator()(const ExponentialDelay&) const { return {"mean_ms", "longest_ms"}; }
};

void allow_only(const Fields& fields, Names known) {
  if (auto unknown = find_unknown_member(fields.raw(), known)) {
    fields.complain(std::move(*unknown));
  }
}

void check_delay(const Fields& fields, const Delay& delay, NameList beside) {
  if (!std::visit(IsInOrder{}, delay)) {
    fields.complain("has a delay that is negative or upside down");
  }
  if (std::visit(LongestOf{}, delay) > profile_span_max) {
    fields.complain("has a delay over 100 years; what is to happen never is `stuck`, or left out");
  }
  if (fields.ok()) {
    const auto members = std::visit(MembersOf{}, delay);
    beside.insert(beside.end(), members.begin(), members.end());
    allow_only(fields, beside);
  }
}

bool is_code(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
}

void check_failure(const Fields& fields, const Course& course) {
  if (!is_code(course.code) || course.code.size() > failure_code_characters_max) {
    fields.complain("code", "must be a word of 1 to 64 of a-z, 0-9, _, . and -");
  }
  if (const auto why = complaint_about_text(course.detail, 1, failure_detail_characters_max)) {
    fields.complain("detail", *why);
  }
}

std::string endings_of(Transition transition) {
  std::string text = "stuck";
  for (const auto ending : {Ending::failed, Ending::terminated}) {
    if (may_end(transition, ending)) {
      text += " or " + std::string(to_string(ending));
    }
  }
  return text;
}

void check_course(const Fields& fields, Transition transition, const Course& course) {
  if (!may_end(transition, course.ending)) {
    fields.complain("ends", "must be " + endings_of(transition) + ", or be left out");
  }
  NameList beside{"weight", "ends"};
  if (course.ending == Ending::failed || course.ending == Ending::terminated) {
    check_failure(fields, course);
    beside.insert(beside.end(), {"code", "detail"});
  }
  if (course.ending == Ending::stuck) {
    allow_only(fields, beside);
  } else if (fields.ok()) {
    check_delay(fields, course.delay, beside);
  }
}

// Reads part by part, each with a complaint of its own.
class ProfileReader {
 public:
  LifecycleProfile read(const simdjson::dom::object& members, std::string name) {
    LifecycleProfile profile;
    profile.name = std::move(name);
    part("", members, [&](const Fields& fields) { read_members(fields, profile); });
    object_at("", members, "delays", [&](const auto& delays) { read_delays(delays, profile); });
    if (members.at_key("hazards").error() == simdjson::SUCCESS) {
      object_at("", members, "hazards",
                [&](const auto& hazards) { read_hazards(hazards, profile); });
    }
    object_at("", members, "billing", [&](const auto& billing) {
      part("billing", billing, [&](const Fields& fields) {
        profile.billing = read_billing(fields);
        constexpr std::array<std::string_view, 3> known{"billable", "granularity_seconds",
                                                        "minimum_seconds"};
        allow_only(fields, known);
        if (profile.billing.bills(Status::failed)) {
          fields.complain("billable", "must not hold FAILED: what did not boot costs nothing");
        }
      });
    });
    return profile;
  }

  ProfileMistakes take() { return std::move(mistakes_); }

 private:
  template <typename Read>
  void part(const std::string& path, const simdjson::dom::object& members, Read&& read) {
    std::string error;
    read(Fields(members, error));
    add(path, std::move(error));
  }

  // Goes on with the object that a member holds, or complains that it holds none.
  template <typename Read>
  void object_at(const std::string& path, const simdjson::dom::object& members,
                 std::string_view name, Read&& read) {
    simdjson::dom::object inner;
    if (members.at_key(name).get(inner) == simdjson::SUCCESS) {
      return read(inner);
    }
    add(path, fmt::format("\"{}\" must be an object", name));
  }

  void add(const std::string& path, std::string error) {
    if (!error.empty()) {
      mistakes_.push_back({path, std::move(error)});
    }
  }

  void read_members(const Fields& fields, LifecycleProfile& profile) {
    constexpr std::array<std::string_view, 5> known{"delays", "hazards", "create_ends_in",
                                                    "idle_timeout_seconds", "billing"};
    allow_only(fields, known);
    profile.create_ends_in = fields.named("create_ends_in", status_from);
    if (profile.create_ends_in != Status::running && profile.create_ends_in != Status::stopped) {
      fields.complain("create_ends_in", "must be RUNNING or STOPPED");
    }
    profile.idle_timeout = fields.seconds("idle_timeout_seconds");
    if (profile.idle_timeout.count() < 0 || profile.idle_timeout > profile_span_max) {
      fields.complain("idle_timeout_seconds", "must be 0 (never) to 3155760000 (100 years)");
    }
  }

  // Courses by the name of their transition, none but these.
  void read_delays(const simdjson::dom::object& delays, LifecycleProfile& profile) {
    std::array<std::string_view, transition_count> names;
    for (std::size_t i = 0; i < transition_count; ++i) {
      const auto transition = static_cast<Transition>(i);
      names[i] = to_string(transition);
      read_transition(delays, transition, profile.courses[i]);
    }
    part("delays", delays, [&](const Fields& fields) { allow_only(fields, names); });
  }

  void read_transition(const simdjson::dom::object& delays, Transition transition,
                       Courses& courses) {
    const std::string path = "delays." + std::string(to_string(transition));
    simdjson::dom::array ways;
    if (delays.at_key(to_string(transition)).get(ways) == simdjson::SUCCESS) {
      return read_ways(ways, path, transition, courses.several);
    }
    object_at("delays", delays, to_string(transition), [&](const auto& delay) {
      part(path, delay, [&](const Fields& fields) {
        courses.usual = read_delay(fields);
        check_delay(fields, courses.usual, {});
      });
    });
  }

  void read_ways(const simdjson::dom::array& ways, const std::string& path, Transition transition,
                 std::vector<Course>& courses) {
    for (const auto element : ways) {
      const auto place = fmt::format("{}[{}]", path, courses.size());
      simdjson::dom::object way;
      if (element.get(way) != simdjson::SUCCESS) {
        return add(place, "must be an object");
      }
      part(place, way, [&](const Fields& fields) {
        courses.push_back(read_course(fields));
        check_course(fields, transition, courses.back());
      });
    }
    if (courses.size() > courses_max) {
      add(path, fmt::format("has {} courses, {} at most", courses.size(), courses_max));
    }
    if (weight_of(courses) == 0) {
      add(path, "must have a course with a weight above 0");
    }
  }

  void read_hazards(const simdjson::dom::object& hazards, LifecycleProfile& profile) {
    std::array<std::string_view, hazard_count> names;
    for (std::size_t i = 0; i < hazard_count; ++i) {
      const auto hazard = static_cast<Hazard>(i);
      names[i] = to_string(hazard);
      if (hazards.at_key(names[i]).error() == simdjson::SUCCESS) {
        object_at("hazards", hazards, names[i],
                  [&](const auto& members) { read_hazard(members, hazard, profile); });
      }
    }
    part("hazards", hazards, [&](const Fields& fields) { allow_only(fields, names); });
  }

  void read_hazard(const simdjson::dom::object& members, Hazard hazard, LifecycleProfile& profile) {
    const std::string path = "hazards." + std::string(to_string(hazard));
    const auto mistakes = mistakes_.size();
    part(path, members, [&](const Fields& fields) {
      profile.risks.push_back(read_risk(hazard, fields));
      NameList known{"after"};
      if (hazard == Hazard::impairment) {
        known.push_back("lasting");
      }
      if (hazard == Hazard::host_failure) {
        known.push_back("ends");
      }
      allow_only(fields, known);
    });
    if (mistakes_.size() > mistakes) {
      return;  // of the same delays, as they were read
    }
    check_delay_at(path, members, "after");
    if (hazard == Hazard::impairment) {
      check_delay_at(path, members, "lasting");
    }
  }

  void check_delay_at(const std::string& path, const simdjson::dom::object& members,
                      std::string_view name) {
    simdjson::dom::object delay;
    if (members.at_key(name).get(delay) != simdjson::SUCCESS) {
      return;
    }
    std::string error;
    const Fields fields(delay, error);
    check_delay(fields, read_delay(fields), {});
    add(path + "." + std::string(name), std::move(error));
  }

  ProfileMistakes mistakes_;
};

// The member that a sentence begins with: "weight" of `"weight" must be ...`.
std::string member_in(const std::string& what) {
  const auto end = what.find('"', 1);
  return what.starts_with('"') && end != std::string::npos ? what.substr(1, end - 1) : "";
}

ProfileMistakes located(std::string_view json, ProfileMistakes mistakes) {
  const JsonLines lines(json);
  for (auto& mistake : mistakes) {
    const auto member = member_in(mistake.what);
    mistake.line =
        lines.line_of(mistake.path + (mistake.path.empty() || member.empty() ? "" : ".") + member);
  }
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const auto& one, const auto& other) { return one.line < other.line; });
  return mistakes;
}

}  // namespace

tl::expected<LifecycleProfile, ProfileMistakes> read_profile(std::string_view json,
                                                             std::string name) {
  std::string error;
  const auto object = parse_object(json, error);
  if (!object) {
    return tl::unexpected(ProfileMistakes{{"", std::move(error), JsonLines(json).last_line()}});
  }
  if (auto doubled = find_double(*object)) {
    return tl::unexpected(
        ProfileMistakes{{"", std::move(*doubled), JsonLines(json).line_of_double()}});
  }
  ProfileReader reader;
  auto profile = reader.read(*object, std::move(name));
  if (auto mistakes = reader.take(); !mistakes.empty()) {
    return tl::unexpected(located(json, std::move(mistakes)));
  }
  return profile;
}

}  // namespace vsim::messages
