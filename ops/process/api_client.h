#pragma once

// One request to the API over a connection of its own, plain or over TLS. Proxies in the
// environment have no effect. Threads: any.

#include <chrono>
#include <cstdint>
#include <string>

#include <tl/expected.hpp>

namespace vsim::process {

struct ApiAddress {
  bool tls = false;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  // PEM; the API must have this certificate, whatever host it names and however old it is; empty:
  // one for the host, from an authority that the system trusts.
  std::string certificate_file;
};

/// http://HOST:PORT or https://HOST:PORT, where the port may be left out. The error says what is
/// wrong.
tl::expected<ApiAddress, std::string> read_api_url(const std::string& url);

/// As read_api_url() takes it.
std::string url_of(const ApiAddress& address);

struct ApiRequest {
  std::string method;
  std::string target;                      // path and query, sent as they are
  std::string body;                        // JSON; empty: none
  std::chrono::seconds answer_within{70};  // a write waits 60 s for its outcome at most
};

struct ApiAnswer {
  int status = 0;
  std::string body;
};

/// Sends no Authorization when `key` is empty. Takes 5 s more than `answer_within`
/// at most. The error is one line that says
/// what does not answer, and how to go on.
tl::expected<ApiAnswer, std::string> call_api(const ApiAddress& address, const std::string& key,
                                              const ApiRequest& request);

}  // namespace vsim::process
