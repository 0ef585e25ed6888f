#include "domain/tag_overrides.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace vsim {
namespace {

using std::chrono::seconds;

constexpr std::string_view prefix = "vsim:";
constexpr std::string_view delay_prefix = "delay:";
constexpr std::string_view impaired_for = "vsim:impaired_for";
constexpr seconds usual_impairment{600};

struct HazardTag {
  std::string_view key;
  Hazard hazard;
};
constexpr std::array<HazardTag, hazard_count> hazard_tags{
    {{"vsim:host_failure_after", Hazard::host_failure},
     {"vsim:impaired_after", Hazard::impairment},
     {"vsim:interruption_after", Hazard::interruption}}};

std::optional<seconds> parse_seconds(std::string_view text) {
  std::int64_t count = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, count);
  if (text.empty() || failure != std::errc() || rest != end || count < 0 ||
      seconds(count) > override_max) {
    return std::nullopt;
  }
  return seconds(count);
}

std::optional<Transition> transition_of(std::string_view key) {
  for (std::size_t i = 0; i < transition_count; ++i) {
    const auto transition = static_cast<Transition>(i);
    if (key.substr(prefix.size()) == to_string(transition)) {
      return transition;
    }
  }
  return std::nullopt;
}

std::optional<Hazard> hazard_of(std::string_view key) {
  for (const auto& tag : hazard_tags) {
    if (tag.key == key) {
      return tag.hazard;
    }
  }
  return std::nullopt;
}

// The word that asks for an ending.
constexpr std::string_view word_of(Ending ending) {
  switch (ending) {
    case Ending::usual:
      return "delay:SECONDS";
    case Ending::failed:
      return "fail";
    case Ending::terminated:
      return "terminate";
    case Ending::stuck:
      return "stuck";
  }
  return {};
}

constexpr std::array all_endings = {Ending::failed, Ending::terminated, Ending::stuck,
                                    Ending::usual};

std::string words_of(Transition transition) {
  std::string text;
  for (const auto ending : all_endings) {
    if (may_end(transition, ending)) {
      text += (text.empty() ? "" : " or ") + std::string(word_of(ending));
    }
  }
  return text;
}

// The courses that a tag's value asks for, in place of those of the profile.
std::optional<Courses> courses_of(Transition transition, std::string_view value,
                                  const Courses& usual) {
  if (value.starts_with(delay_prefix)) {
    const auto delay = parse_seconds(value.substr(delay_prefix.size()));
    return delay ? std::optional(Courses{FixedDelay{*delay}}) : std::nullopt;
  }
  const auto& delay = usual.several.empty() ? usual.usual : usual.several.front().delay;
  for (const auto ending : {Ending::failed, Ending::terminated, Ending::stuck}) {
    if (value == word_of(ending) && may_end(transition, ending)) {
      const bool fails = ending != Ending::stuck;
      return Courses{.usual = {},
                     .several = {{.delay = fails ? delay : Delay{},
                                  .ending = ending,
                                  .code = fails ? "asked_for" : "",
                                  .detail = fails ? "a tag of the server asks for it" : ""}}};
    }
  }
  return std::nullopt;
}

std::string known_tags() {
  std::string text;
  for (std::size_t i = 0; i < transition_count; ++i) {
    text += std::string(prefix) + std::string(to_string(static_cast<Transition>(i))) + ", ";
  }
  for (const auto& tag : hazard_tags) {
    text += std::string(tag.key) + ", ";
  }
  return text + std::string(impaired_for);
}

Delay fixed(const Tags& tags, std::string_view key, seconds otherwise) {
  const auto found = tags.find(std::string(key));
  const auto given = found == tags.end() ? std::nullopt : parse_seconds(found->second);
  return FixedDelay{given.value_or(otherwise)};
}

void add_risk(Hazard hazard, seconds after, std::vector<Risk>& risks) {
  std::erase_if(risks, [hazard](const Risk& risk) { return risk.hazard == hazard; });
  Risk risk{.hazard = hazard, .after = FixedDelay{after}};
  if (hazard == Hazard::impairment) {
    risk.lasting = FixedDelay{usual_impairment};
  }
  risks.push_back(risk);
  std::sort(risks.begin(), risks.end(),
            [](const Risk& one, const Risk& other) { return one.hazard < other.hazard; });
}

}  // namespace

std::optional<std::string> complaint_about_tag(const std::string& key, const std::string& value) {
  if (!key.starts_with(prefix)) {
    return std::nullopt;
  }
  if (const auto transition = transition_of(key)) {
    if (courses_of(*transition, value, {})) {
      return std::nullopt;
    }
    return "tag " + key + " must be " + words_of(*transition);
  }
  if (!hazard_of(key) && key != impaired_for) {
    return "there is no tag " + key + "; of those that begin with vsim: there are " + known_tags();
  }
  if (parse_seconds(value)) {
    return std::nullopt;
  }
  return "tag " + key + " must be a whole number of seconds, 0 to " +
         std::to_string(override_max.count());
}

std::optional<std::string> complaint_about_tags(const Tags& tags) {
  for (const auto& [key, value] : tags) {
    if (auto complaint = complaint_about_tag(key, value)) {
      return complaint;
    }
  }
  return std::nullopt;
}

void apply_tags(const Tags& tags, Terms& terms) {
  for (auto tag = tags.lower_bound(std::string(prefix));
       tag != tags.end() && tag->first.starts_with(prefix); ++tag) {
    if (const auto transition = transition_of(tag->first)) {
      auto& courses = terms.courses[static_cast<std::size_t>(*transition)];
      if (auto asked_for = courses_of(*transition, tag->second, courses)) {
        courses = std::move(*asked_for);
      }
    }
    if (const auto hazard = hazard_of(tag->first)) {
      if (const auto after = parse_seconds(tag->second)) {
        add_risk(*hazard, *after, terms.risks);
      }
    }
  }
  for (auto& risk : terms.risks) {
    if (risk.hazard == Hazard::impairment && tags.contains(std::string(impaired_for))) {
      risk.lasting = fixed(tags, impaired_for, usual_impairment);
    }
  }
}

}  // namespace vsim
