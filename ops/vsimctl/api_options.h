#pragma once

// Where the API is, for the subcommands that ask it.

#include <optional>
#include <string>

#include "ops/process/api_client.h"

namespace CLI {
class App;
}  // namespace CLI

namespace vsim::vsimctl {

struct ApiOptions {
  std::string url;               // API_URL
  std::string listens_at;        // HTTP_ADDR: where no url is given
  std::string certificate_file;  // API_CERT_FILE
};

/// Declares them as flags, with their environment variables. `options` outlives the parsing.
void add_api_options(CLI::App& subcommand, ApiOptions& options);

/// The API that they name, if any. Throws a CLI::ValidationError for what is no URL.
std::optional<process::ApiAddress> address_of(const ApiOptions& options);

}  // namespace vsim::vsimctl
