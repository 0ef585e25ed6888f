#include "api/ec2/wildcards.h"

#include <algorithm>

#include "domain/utf8.h"

namespace vsim::ec2 {
namespace {

/// What a pattern says next of a text.
struct Step {
  enum class Kind { any_run, any_character, this_byte } kind;
  char byte = 0;
  std::size_t length = 1;  // in the pattern
};

Step step_at(std::string_view pattern) {
  switch (pattern.front()) {
    case '*':
      return {Step::Kind::any_run};
    case '?':
      return {Step::Kind::any_character};
    case '\\':
      if (pattern.size() > 1) {
        return {Step::Kind::this_byte, pattern[1], 2};
      }
      [[fallthrough]];
    default:
      return {Step::Kind::this_byte, pattern.front()};
  }
}

/// Bytes of `text` that the step takes; 0: it does not fit.
std::size_t taken_by(const Step& step, std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  return step.kind == Step::Kind::any_character
             ? std::max<std::size_t>(utf8_character_length(text), 1)
             : static_cast<std::size_t>(text.front() == step.byte);
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
  // Behind the last *: the rest of the pattern, and where in the text it was tried last. An earlier
  // * need never be tried again.
  std::optional<std::string_view> rest;
  std::string_view tried;
  while (true) {
    if (!pattern.empty()) {
      const Step step = step_at(pattern);
      if (step.kind == Step::Kind::any_run) {
        pattern.remove_prefix(step.length);
        rest = pattern;
        tried = text;
        continue;
      }
      if (const std::size_t bytes = taken_by(step, text); bytes > 0) {
        pattern.remove_prefix(step.length);
        text.remove_prefix(bytes);
        continue;
      }
    } else if (text.empty()) {
      return true;
    }
    if (!rest || tried.empty()) {
      return false;
    }
    tried.remove_prefix(std::max<std::size_t>(utf8_character_length(tried), 1));
    pattern = *rest;
    text = tried;
  }
}

std::optional<std::string> only_text_of(std::string_view pattern) {
  std::string text;
  while (!pattern.empty()) {
    const Step step = step_at(pattern);
    if (step.kind != Step::Kind::this_byte) {
      return std::nullopt;
    }
    text += step.byte;
    pattern.remove_prefix(step.length);
  }
  return text;
}

}  // namespace vsim::ec2
