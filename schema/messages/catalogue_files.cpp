#include "schema/messages/catalogue_files.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "schema/messages/json_fields.h"
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
  if (const auto object = parse_object(*text, error)) read(Fields(*object, error));
  if (!error.empty()) mistakes.push_back(path.string() + ": " + error);
}

void read_regions(const Fields& fields, Catalogue& catalogue) {
  for (const auto [name, ranges] : fields.raw()) {
    const auto region = Region::parse(name);
    if (!region) fields.complain(name, "is no region name: a-z, 0-9 and inner dashes");
    auto& pool = catalogue.regions[region.value_or(Region{})];
    for (const auto element : fields.array(name)) {
      simdjson::dom::object object;
      if (element.get(object) != simdjson::SUCCESS) {
        return fields.complain(name, R"(must hold {"first","last"} objects)");
      }
      std::string error;
      const Fields range(object, error);
      pool.push_back({range.ip("first"), range.ip("last")});
      if (!error.empty()) return fields.complain(name, "has a range whose " + error);
      const auto& added = pool.back();
      if (added.last < added.first) return fields.complain(name, "has a range that ends too early");
    }
  }
  if (catalogue.regions.empty()) fields.complain("{}", "names no region");
}

void read_prices(const Fields& fields, Catalogue& catalogue) {
  for (const auto [type, price] : fields.raw()) {
    const auto rate = fields.integer(type);
    if (rate < 0 || rate > hourly_rate_max) {
      fields.complain(type, "must be 0 to 1000000, in 1/10,000 USD per hour");
    }
    catalogue.instance_types.emplace(type, HourlyRate{rate});
  }
  if (catalogue.instance_types.empty()) fields.complain("{}", "names no instance type");
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
  if (!std::visit(Check{}, delay))
    fields.complain(name, "has a delay that is negative or upside down");
}

LifecycleProfile read_members(const Fields& fields, std::string name) {
  LifecycleProfile profile;
  profile.name = std::move(name);
  const auto delays = fields.object("delays");
  for (std::size_t i = 0; i < transition_count; ++i) {
    const auto transition = to_string(static_cast<Transition>(i));
    profile.delays[i] = read_delay(delays.object(transition));
    check_delay(fields, transition, profile.delays[i]);
  }
  profile.create_ends_in = fields.named("create_ends_in", status_from);
  if (profile.create_ends_in != Status::running && profile.create_ends_in != Status::stopped) {
    fields.complain("create_ends_in", "must be RUNNING or STOPPED");
  }
  profile.idle_timeout = fields.seconds("idle_timeout_seconds");
  if (profile.idle_timeout.count() < 0)
    fields.complain("idle_timeout_seconds", "must be 0 or more");
  profile.billing = read_billing(fields.object("billing"));
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
    if (entry.path().extension() != ".json") continue;
    auto name = entry.path().stem().string();
    read_document(entry.path(), mistakes, [&](const Fields& fields) {
      catalogue.profiles.emplace(name, read_members(fields, name));
    });
  }
  if (failure) mistakes.push_back((folder / "profiles").string() + ": " + failure.message());
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
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
  if (!object) return tl::unexpected(error);
  auto profile = read_members(Fields(*object, error), std::move(name));
  if (!error.empty()) return tl::unexpected(error);
  return profile;
}

tl::expected<std::string, std::string> load_openapi_document(const std::string& schema_dir) {
  return load_file(schema_dir + "/http/openapi.json");
}

tl::expected<std::string, std::string> load_streams_definition(const std::string& schema_dir) {
  return load_file(schema_dir + "/messages/streams.json");
}

}  // namespace vsim::messages
