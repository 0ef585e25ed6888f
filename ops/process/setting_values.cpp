#include "ops/process/setting_values.h"

#include <array>

#include "domain/decimal.h"
#include "domain/simulated_time.h"

namespace vsim::process {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t duration_milliseconds_max = std::int64_t{3650} * 24 * 3600 * 1000;

tl::unexpected<std::string> wrong(std::string why) {
  return tl::unexpected<std::string>(std::move(why));
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

struct Unit {
  std::string_view name;
  std::int64_t in_milliseconds;
};
constexpr std::array<Unit, 5> units{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

std::string_view take_while(std::string_view& text, bool (*holds)(char)) {
  std::size_t length = 0;
  while (length < text.size() && holds(text[length])) {
    ++length;
  }
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

/// Without the blanks around them; an empty text is one empty word.
std::vector<std::string_view> words_by_commas(std::string_view text) {
  std::vector<std::string_view> words;
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    std::string_view word = text.substr(0, comma);
    more = comma != std::string_view::npos;
    if (more) {
      text.remove_prefix(comma + 1);
    }
    while (word.starts_with(' ')) {
      word.remove_prefix(1);
    }
    while (word.ends_with(' ')) {
      word.remove_suffix(1);
    }
    words.push_back(word);
  }
  return words;
}

bool is_host_name(std::string_view text) {
  constexpr std::size_t characters_max = 253;  // RFC 1035, 2.3.4
  constexpr std::string_view characters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  return !text.empty() && text.size() <= characters_max &&
         text.find_first_not_of(characters) == std::string_view::npos;
}

}  // namespace

tl::expected<milliseconds, std::string> read_duration(std::string_view text,
                                                      std::string_view usual_unit) {
  const std::string example = "such as 90s, 30m or 1h30m";
  std::string_view rest = text;
  std::int64_t total = 0;
  do {
    const std::string_view digits = take_while(rest, is_digit);
    const std::string_view unit_name = take_while(rest, is_letter);
    const auto number = read_decimal(digits, duration_milliseconds_max);
    if (!number) {
      return wrong(quoted(text) + " is no duration; give one " + example +
                   ", without zeros in front");
    }
    const auto count = static_cast<std::int64_t>(*number);
    if (unit_name.empty() && rest.empty()) {
      return wrong(quoted(text) + " has no unit; \"" + std::string(text) + std::string(usual_unit) +
                   "\"?");
    }
    const Unit* unit = nullptr;
    for (const Unit& candidate : units) {
      if (candidate.name == unit_name) {
        unit = &candidate;
      }
    }
    if (unit == nullptr) {
      return wrong(quoted(text) + " is no duration; the units are ms, s, m, h and d, " + example);
    }
    if (count > duration_milliseconds_max / unit->in_milliseconds) {
      return wrong(quoted(text) + " is too long; 3650d at most");
    }
    total += count * unit->in_milliseconds;
  } while (!rest.empty());
  if (total > duration_milliseconds_max) {
    return wrong(quoted(text) + " is too long; 3650d at most");
  }
  return milliseconds(total);
}

tl::expected<milliseconds, std::string> read_billing_interval(std::string_view text) {
  const auto interval = read_duration(text, "s");
  if (interval && (*interval < billing_interval_min || *interval > billing_interval_max)) {
    return wrong(quoted(text) + " is out of range; give 1s to 24h");
  }
  return interval;
}

tl::expected<milliseconds, std::string> read_lease_max(std::string_view text) {
  const auto longest = read_duration(text, "h");
  if (longest && *longest < lease_max_min) {
    return wrong(quoted(text) + " is out of range; give 1s to 3650d");
  }
  return longest;
}

tl::expected<std::uint64_t, std::string> read_whole_number(std::string_view text,
                                                           std::uint64_t least,
                                                           std::uint64_t most) {
  const auto value = read_decimal(text, most);
  if (!value || *value < least) {
    return wrong(quoted(text) + " is no whole number (digits, without zeros in front) from " +
                 std::to_string(least) + " to " + std::to_string(most));
  }
  return *value;
}

tl::expected<std::uint16_t, std::string> read_port(std::string_view text) {
  const auto number = read_whole_number(text, 1, 65535);
  if (!number) {
    return wrong(quoted(text) +
                 " is no port; give a number from 1 to 65535, without zeros in front");
  }
  return static_cast<std::uint16_t>(*number);
}

tl::expected<ListenAddress, std::string> read_listen_address(std::string_view text) {
  const std::string fix = "; give host:port, such as 127.0.0.1:8080 or [::1]:8080";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return wrong(quoted(text) + " has no port" + fix);
  }
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return wrong(quoted(text) + " needs brackets around the IPv6 address" + fix);
  }
  if (host.find_first_of(" /[]\t") != std::string_view::npos) {
    return wrong(quoted(text) + " is no address" + fix);
  }
  const auto port = read_port(text.substr(colon + 1));
  if (!port) {
    return wrong(quoted(text) + ": the port " + port.error());
  }
  return ListenAddress{host.empty() ? std::string("0.0.0.0") : std::string(host), *port};
}

tl::expected<std::uint64_t, std::string> read_rate_limit(std::string_view text) {
  const auto number = read_whole_number(text == "off" ? "0" : text, 0, rate_limit_max);
  if (!number) {
    return wrong(number.error() + " requests a second; \"off\" for no limit");
  }
  return *number;
}

tl::expected<std::vector<AddressRange>, std::string> read_address_ranges(std::string_view text) {
  std::vector<AddressRange> ranges;
  for (const std::string_view word : words_by_commas(text)) {
    auto range = AddressRange::parse(word);
    if (!range) {
      return wrong(range.error());
    }
    ranges.push_back(*range);
  }
  if (ranges.size() > trusted_proxies_max) {
    return wrong("are " + std::to_string(ranges.size()) + "; give " +
                 std::to_string(trusted_proxies_max) + " at most, ranges where you can");
  }
  return ranges;
}

tl::expected<std::vector<std::string>, std::string> read_host_names(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view word : words_by_commas(text)) {
    if (!is_host_name(word)) {
      return wrong(quoted(word) +
                   " is no name of a host; give such as vsim.example.org, without scheme and port");
    }
    names.emplace_back(word);
  }
  if (names.size() > http_hosts_max) {
    return wrong("are " + std::to_string(names.size()) + "; give " +
                 std::to_string(http_hosts_max) + " at most");
  }
  return names;
}

tl::expected<bool, std::string> read_yes_no(std::string_view text) {
  if (text != "yes" && text != "no") {
    return wrong(quoted(text) + " is neither yes nor no");
  }
  return text == "yes";
}

tl::expected<double, std::string> read_time_scale(std::string_view text) {
  const auto value = read_decimal_fraction(text);
  if (!value || *value < time_scale_min || *value > time_scale_max) {
    return wrong(quoted(text) +
                 " is no time scale; give simulated seconds per second, 0.000001 to 1000000, such "
                 "as 1, 60 or 0.5");
  }
  return *value;
}

tl::expected<log::Level, std::string> read_log_level(std::string_view text) {
  if (text == "debug") {
    return log::Level::debug;
  }
  if (text == "info") {
    return log::Level::info;
  }
  if (text == "warn") {
    return log::Level::warn;
  }
  if (text == "error") {
    return log::Level::error;
  }
  return wrong(quoted(text) + " is no log level; give debug, info, warn or error");
}

tl::expected<log::Format, std::string> read_log_format(std::string_view text) {
  if (text == "text") {
    return log::Format::text;
  }
  if (text == "json") {
    return log::Format::json;
  }
  return wrong(quoted(text) + " is no log format; give text or json");
}

tl::expected<telemetry::Durability, std::string> read_durability(std::string_view text) {
  for (const auto durability : {telemetry::Durability::power, telemetry::Durability::process}) {
    if (text == to_string(durability)) {
      return durability;
    }
  }
  return wrong(quoted(text) + " is no durability; give power or process");
}

tl::expected<Roles, std::string> read_roles(std::string_view text) {
  Roles roles{.commands = false,
              .timekeeper = false,
              .billing = false,
              .projector = false,
              .janitor = false,
              .replenisher = false};
  std::string_view rest = text;
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    const std::string_view name = rest.substr(0, comma);
    more = comma != std::string_view::npos;
    if (more) {
      rest.remove_prefix(comma + 1);
    }
    if (name == "commands") {
      roles.commands = true;
    } else if (name == "timekeeper") {
      roles.timekeeper = true;
    } else if (name == "billing") {
      roles.billing = true;
    } else if (name == "projector") {
      roles.projector = true;
    } else if (name == "janitor") {
      roles.janitor = true;
    } else if (name == "replenisher") {
      roles.replenisher = true;
    } else {
      return wrong(quoted(name) +
                   " is no role; give some of "
                   "commands,timekeeper,billing,projector,janitor,replenisher");
    }
  }
  return roles;
}

tl::expected<std::string, std::string> read_ssl_mode(std::string_view text) {
  for (const std::string_view mode :
       {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}) {
    if (text == mode) {
      return std::string(text);
    }
  }
  return wrong(quoted(text) +
               " is no mode; give disable, allow, prefer, require, verify-ca or verify-full");
}

std::string quote_connection_value(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') {
      text += '\\';
    }
    text += c;
  }
  return text + "'";
}

}  // namespace vsim::process
