#pragma once

// Reads the catalogue from its files: regions.json, prices.json and profiles/NAME.json under a
// schema folder. Called once at start.

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "domain/catalogue.h"

namespace vsim::messages {

/// All mistakes of all files at once, each as "FILE: what is wrong".
tl::expected<Catalogue, std::vector<std::string>> load_catalogue(const std::string& schema_dir);

/// A file's bytes; an empty one counts as missing. The error is "FILE: what is wrong".
tl::expected<std::string, std::string> load_file(const std::string& path);

/// The text of schema/http/openapi.json.
tl::expected<std::string, std::string> load_openapi_document(const std::string& schema_dir);

/// The text of schema/messages/streams.json.
tl::expected<std::string, std::string> load_streams_definition(const std::string& schema_dir);

}  // namespace vsim::messages
