#pragma once

// What tests say to the HTTP API again and again. An answer that is not the expected one throws,
// with the whole answer in the text.

#include <chrono>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

#include "tests/harness/http_client.h"
#include "tests/harness/json.h"

namespace harness {

/// Not the answer that the test needs to go on.
struct UnexpectedAnswer : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct NewServer {
  std::string name = "web-1";
  std::string region = "us-east-1";
  std::string type = "t2.micro";
  std::string profile = {};  // empty: left to the product
};

/// The body of a create.
std::string create_body(const NewServer& server = {});

/// Creates and waits for the outcome; the server.
Json create_server(HttpClient& client, const NewServer& server = {});

/// Adds these addresses to us-east-1.
void extend_pool(HttpClient client, const std::string& cidr);

/// POST /servers/{id}/action.
HttpAnswer act(HttpClient& client, const std::string& id, const std::string& action,
               const HttpHeaders& headers = {});

Json get_server(HttpClient& client, const std::string& id);

/// Of the newest entry of the server's log, which counts commands that changed nothing too.
std::int64_t newest_version(HttpClient& client, const std::string& id);

/// Waits until the server has this status; the server then.
Json wait_for_status(HttpClient& client, const std::string& id, const std::string& status,
                     std::chrono::milliseconds wait_max = std::chrono::seconds(20));

/// The servers of a list, all pages, by id.
std::map<std::string, Json> all_servers(HttpClient& client, const std::string& filter = "");

/// One line with all that an answer says, for messages.
std::string told(const HttpAnswer& answer);

/// A random UUID, version 4.
std::string random_uuid();

}  // namespace harness
