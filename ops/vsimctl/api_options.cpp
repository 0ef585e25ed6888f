#include "ops/vsimctl/api_options.h"

#include <CLI/CLI.hpp>

namespace vsim::vsimctl {
namespace {

/// Of an API that listens there; ":8080" is every address of this machine. With a certificate of
/// its own it speaks TLS.
std::string url_of_listener(const ApiOptions& options) {
  const std::string scheme = options.certificate_file.empty() ? "http://" : "https://";
  const std::string host = options.listens_at.starts_with(':') ? "127.0.0.1" : "";
  return scheme + host + options.listens_at;
}

}  // namespace

void add_api_options(CLI::App& subcommand, ApiOptions& options) {
  subcommand.add_option("--api-url", options.url, "The API, such as https://vsim.example:8443")
      ->envname("API_URL");
  subcommand.add_option("--http-addr", options.listens_at, "Where it listens, if there is no URL")
      ->envname("HTTP_ADDR");
  subcommand
      .add_option("--api-cert-file", options.certificate_file,
                  "The certificate that it has; without: one that the system's authorities know")
      ->envname("API_CERT_FILE");
}

std::optional<process::ApiAddress> address_of(const ApiOptions& options) {
  const std::string url =
      options.url.empty() && !options.listens_at.empty() ? url_of_listener(options) : options.url;
  if (url.empty()) {
    return std::nullopt;
  }
  auto address = process::read_api_url(url);
  if (!address) {
    throw CLI::ValidationError(address.error());
  }
  address->certificate_file = options.certificate_file;
  return *address;
}

}  // namespace vsim::vsimctl
