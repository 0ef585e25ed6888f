#pragma once

// Requests to the HTTP API that many tests make. An answer that is not the expected one throws,
// with the whole answer in the text.

#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

#include "tests/harness/http_client.h"
#include "tests/harness/json.h"

namespace harness {

/// Another answer than the one that the test needs to continue.
struct UnexpectedAnswer : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct NewServer {
  std::string name = "web-1";
  std::string region = "us-east-1";
  std::string type = "t2.micro";
  std::string profile = {};  // empty: the product's default
  std::map<std::string, std::string> tags = {};
};

/// The body of a create.
std::string create_body(const NewServer& server = {});

/// Creates a server and waits for the outcome; returns the server.
Json create_server(HttpClient& client, const NewServer& server = {});

/// Adds these addresses to us-east-1.
void extend_pool(HttpClient client, const std::string& cidr);

/// POST /servers/{id}/action.
HttpAnswer act(HttpClient& client, const std::string& id, const std::string& action,
               const HttpHeaders& headers = {});

Json get_server(HttpClient& client, const std::string& id);

/// The status of the operation at this path; empty while it cannot be read.
std::string operation_status(HttpClient& client, const std::string& path);

/// The version of the newest entry of the server's log, where commands that change nothing count.
std::int64_t newest_version(HttpClient& client, const std::string& id);

/// Waits until the server has this status; returns the server.
Json wait_for_status(HttpClient& client, const std::string& id, const std::string& status,
                     std::chrono::milliseconds wait_max = std::chrono::seconds(20));

/// The servers of a list, all pages, by id.
std::map<std::string, Json> all_servers(HttpClient& client, const std::string& filter = "");

/// The whole answer on one line, for messages.
std::string describe(const HttpAnswer& answer);

/// A random UUID, version 4.
std::string random_uuid();

}  // namespace harness
