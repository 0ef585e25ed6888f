#include "schema/messages/catalogue_files.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "domain/pool.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/member_names.h"
#include "schema/messages/state_codec.h"

namespace vsim::messages {
namespace {

using Mistakes = std::vector<std::string>;

// Reads one file with `read`; what is wrong in it is added to the mistakes.
template <typename Read>
void read_document(const std::filesystem::path& path, Mistakes& mistakes, Read&& read) {
  const auto text = load_file(path.string());
  if (!text) {
    mistakes.push_back(text.error());
    return;
  }
  std::string error;
  if (const auto object = parse_object(*text, error)) {
    error = find_double(*object).value_or("");
    read(Fields(*object, error));
  }
  if (!error.empty()) {
    mistakes.push_back(path.string() + ": " + error);
  }
}

void allow_only(const Fields& fields, Names known) {
  if (auto unknown = find_unknown_member(fields.raw(), known)) {
    fields.complain(std::move(*unknown));
  }
}

void read_regions(const Fields& fields, Catalogue& catalogue) {
  for (const auto [name, ranges] : fields.raw()) {
    const auto region = Region::parse(name);
    if (!region) {
      fields.complain(name, "is no region name: a-z, 0-9 and inner dashes");
    }
    auto& pool = catalogue.regions[region.value_or(Region{})];
    for (const auto element : fields.array(name)) {
      simdjson::dom::object object;
      if (element.get(object) != simdjson::SUCCESS) {
        return fields.complain(name, R"(must hold {"first","last"} objects)");
      }
      constexpr std::array<std::string_view, 2> known{"first", "last"};
      std::string error = find_unknown_member(object, known).value_or("");
      const Fields range(object, error);
      pool.push_back({range.ip("first"), range.ip("last")});
      if (!error.empty()) {
        return fields.complain(name, "has a range whose " + error);
      }
      const auto& added = pool.back();
      if (added.last < added.first) {
        return fields.complain(name, "has a range that ends too early");
      }
      if (const auto why = unusable(added)) {
        return fields.complain(name, "has a range: " + *why);
      }
    }
  }
  if (catalogue.regions.empty()) {
    fields.complain("{}", "names no region");
  }
}

void read_prices(const Fields& fields, Catalogue& catalogue) {
  for (const auto [type, price] : fields.raw()) {
    if (const auto why = complaint_about_ordered_name(type)) {
      fields.complain(type, "cannot be ordered: the name of a type " + *why);
    }
    const auto rate = fields.integer(type);
    if (rate < 0 || rate > hourly_rate_max) {
      fields.complain(type, "must be 0 to 1000000, in 1/10,000 USD per hour");
    }
    catalogue.instance_types.emplace(type, HourlyRate{rate});
  }
  if (catalogue.instance_types.empty()) {
    fields.complain("{}", "names no instance type");
  }
}

void check_delay(const Fields& fields, std::string_view name, const Delay& delay) {
  struct Check {
    bool operator()(const FixedDelay& d) const { return d.length.count() >= 0; }
    bool operator()(const UniformDelay& d) const {
      return d.shortest.count() >= 0 && d.shortest <= d.longest;
    }
    bool operator()(const LognormalDelay& d) const {
      return d.median.count() > 0 && d.sigma >= 0 && d.median <= d.longest;
    }
  };
  if (!std::visit(Check{}, delay)) {
    fields.complain(name, "has a delay that is negative or upside down");
  }
}

// Delays by the name of their transition, none but these.
void read_delays(const Fields& delays, LifecycleProfile& profile) {
  constexpr std::array<std::string_view, 1> fixed{"fixed_ms"};
  constexpr std::array<std::string_view, 1> uniform{"uniform_ms"};
  constexpr std::array<std::string_view, 3> lognormal{"median_ms", "sigma", "longest_ms"};
  std::array<std::string_view, transition_count> names;
  for (std::size_t i = 0; i < transition_count; ++i) {
    names[i] = to_string(static_cast<Transition>(i));
    const auto delay = delays.object(names[i]);
    profile.delays[i] = read_delay(delay);
    check_delay(delays, names[i], profile.delays[i]);
    struct Members {
      Names operator()(const FixedDelay&) const { return fixed; }
      Names operator()(const UniformDelay&) const { return uniform; }
      Names operator()(const LognormalDelay&) const { return lognormal; }
      Names fixed, uniform, lognormal;
    };
    if (delays.ok()) {
      allow_only(delay, std::visit(Members{fixed, uniform, lognormal}, profile.delays[i]));
    }
  }
  allow_only(delays, names);
}

LifecycleProfile read_members(const Fields& fields, std::string name) {
  constexpr std::array<std::string_view, 4> known{"delays", "create_ends_in",
                                                  "idle_timeout_seconds", "billing"};
  constexpr std::array<std::string_view, 3> policy{"billable", "granularity_seconds",
                                                   "minimum_seconds"};
  allow_only(fields, known);
  LifecycleProfile profile;
  profile.name = std::move(name);
  read_delays(fields.object("delays"), profile);
  profile.create_ends_in = fields.named("create_ends_in", status_from);
  if (profile.create_ends_in != Status::running && profile.create_ends_in != Status::stopped) {
    fields.complain("create_ends_in", "must be RUNNING or STOPPED");
  }
  profile.idle_timeout = fields.seconds("idle_timeout_seconds");
  if (profile.idle_timeout.count() < 0) {
    fields.complain("idle_timeout_seconds", "must be 0 or more");
  }
  const auto billing = fields.object("billing");
  profile.billing = read_billing(billing);
  if (fields.ok()) {
    allow_only(billing, policy);
  }
  return profile;
}

}  // namespace

tl::expected<Catalogue, std::vector<std::string>> load_catalogue(const std::string& schema_dir) {
  const std::filesystem::path folder(schema_dir);
  Catalogue catalogue;
  Mistakes mistakes;
  read_document(folder / "regions.json", mistakes,
                [&](const Fields& fields) { read_regions(fields, catalogue); });
  read_document(folder / "prices.json", mistakes,
                [&](const Fields& fields) { read_prices(fields, catalogue); });
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "profiles", failure)) {
    if (entry.path().extension() != ".json") {
      continue;
    }
    auto name = entry.path().stem().string();
    if (const auto why = complaint_about_ordered_name(name)) {
      mistakes.push_back(entry.path().string() + ": cannot be ordered: the name of a profile " +
                         *why);
      continue;
    }
    read_document(entry.path(), mistakes, [&](const Fields& fields) {
      catalogue.profiles.emplace(name, read_members(fields, name));
    });
  }
  if (failure) {
    mistakes.push_back((folder / "profiles").string() + ": " + failure.message());
  }
  if (!mistakes.empty()) {
    return tl::unexpected(std::move(mistakes));
  }
  return catalogue;
}

tl::expected<std::string, std::string> load_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return tl::unexpected<std::string>(path + ": cannot be read");
  }
  return text.str();
}

tl::expected<LifecycleProfile, std::string> read_profile(std::string_view json, std::string name) {
  std::string error;
  const auto object = parse_object(json, error);
  if (!object) {
    return tl::unexpected(error);
  }
  error = find_double(*object).value_or("");
  auto profile = read_members(Fields(*object, error), std::move(name));
  if (!error.empty()) {
    return tl::unexpected(error);
  }
  return profile;
}

tl::expected<std::string, std::string> load_openapi_document(const std::string& schema_dir) {
  return load_file(schema_dir + "/http/openapi.json");
}

tl::expected<std::string, std::string> load_streams_definition(const std::string& schema_dir) {
  return load_file(schema_dir + "/messages/streams.json");
}

}  // namespace vsim::messages
