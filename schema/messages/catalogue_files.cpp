#include "schema/messages/catalogue_files.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "domain/pool.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/member_names.h"
#include "schema/messages/profile_files.h"

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

void read_profile_file(const std::filesystem::path& path, const std::string& name,
                       Catalogue& catalogue, Mistakes& mistakes) {
  const auto text = load_file(path.string());
  if (!text) {
    mistakes.push_back(text.error());
    return;
  }
  auto profile = read_profile(*text, name);
  if (profile) {
    catalogue.profiles.emplace(name, std::move(*profile));
    return;
  }
  for (const auto& mistake : profile.error()) {
    mistakes.push_back(path.string() + ": " + mistake.text());
  }
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
    read_profile_file(entry.path(), name, catalogue, mistakes);
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

tl::expected<std::string, std::string> load_openapi_document(const std::string& schema_dir) {
  return load_file(schema_dir + "/http/openapi.json");
}

tl::expected<std::string, std::string> load_streams_definition(const std::string& schema_dir) {
  return load_file(schema_dir + "/messages/streams.json");
}

}  // namespace vsim::messages
