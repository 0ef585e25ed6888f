#include "schema/http/preferences.h"

#include "domain/decimal.h"
#include "domain/letter_case.h"

namespace vsim::http {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// Up to the separator, which stands outside of quotes; `text` begins behind it afterwards.
std::string_view take_until(std::string_view& text, char separator) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (quoted || text[end] != separator); ++end) {
    if (quoted && text[end] == '\\' && end + 1 < text.size()) {
      ++end;
    } else if (text[end] == '"') {
      quoted = !quoted;
    }
  }
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end < text.size() ? end + 1 : end);
  return taken;
}

tl::expected<std::chrono::seconds, std::string> read_wait(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  const auto seconds = read_decimal(value, static_cast<std::uint64_t>(wait_max.count()));
  if (!seconds) {
    return tl::unexpected("Prefer: wait is \"" + std::string(value) +
                          "\"; give whole seconds from 0 to " + std::to_string(wait_max.count()) +
                          ", in digits alone and without zeros in front");
  }
  return std::chrono::seconds(*seconds);
}

/// The q of a media range, of which `parameters` are what follows its type; 1 when there is none,
/// and 0 for what is no qvalue (RFC 9110, 12.4.2: 0 to 1, up to three decimals).
double quality(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view parameter = take_until(parameters, ';');
    if (lower_case(trimmed(take_until(parameter, '='))) == "q") {
      const std::string_view value = trimmed(parameter);
      constexpr std::size_t characters_max = 5;  // 0.123
      const auto q = value.size() > characters_max ? std::nullopt : read_decimal_fraction(value);
      return q && *q <= 1 ? *q : 0;
    }
  }
  return 1;
}

}  // namespace

std::string Preferences::applied() const {
  std::string text = respond_async ? "respond-async" : "";
  if (wait) {
    text += (text.empty() ? "wait=" : ", wait=") + std::to_string(wait->count());
  }
  return text;
}

tl::expected<Preferences, std::string> read_preferences(std::string_view header) {
  Preferences preferences;
  while (!header.empty()) {
    std::string_view preference = take_until(header, ',');
    std::string_view assignment = take_until(preference, ';');  // parameters are of no use here
    const std::string name = lower_case(trimmed(take_until(assignment, '=')));
    if (name == "respond-async") {
      preferences.respond_async = true;
    } else if (name == "wait" && !preferences.wait) {
      const auto wait = read_wait(trimmed(assignment));
      if (!wait) {
        return tl::unexpected(wait.error());
      }
      preferences.wait = *wait;
    }
  }
  return preferences;
}

namespace {

struct Qualities {
  double json = 0;
  double other = 0;
};
/// How Accept rates application/json and another type, by their names alone.
Qualities rate(std::string_view accept, std::string_view other) {
  Qualities rated;
  while (!accept.empty()) {
    std::string_view range = take_until(accept, ',');
    const std::string type = lower_case(trimmed(take_until(range, ';')));
    if (type == other) {
      rated.other = quality(range);
    } else if (type == "application/json") {
      rated.json = quality(range);
    }
  }
  return rated;
}

}  // namespace

bool prefers_csv(std::string_view accept) {
  const auto [json, csv] = rate(accept, "text/csv");
  return csv > 0 && csv >= json;
}

bool prefers_json_to_stream(std::string_view accept) {
  const auto [json, stream] = rate(accept, "text/event-stream");
  return json > stream;
}

}  // namespace vsim::http
