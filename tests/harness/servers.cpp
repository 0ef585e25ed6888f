#include "tests/harness/servers.h"

#include <random>

#include <fmt/format.h>

#include "tests/harness/eventually.h"

namespace harness {

std::string create_body(const NewServer& server) {
  std::string body = fmt::format(R"({{"name":{},"region":{},"type":{})", json_quoted(server.name),
                                 json_quoted(server.region), json_quoted(server.type));
  if (!server.profile.empty()) {
    body += R"(,"profile":)" + json_quoted(server.profile);
  }
  std::string tags;
  for (const auto& [key, value] : server.tags) {
    tags += (tags.empty() ? "" : ",") + json_quoted(key) + ":" + json_quoted(value);
  }
  return body + (tags.empty() ? "}" : ",\"tags\":{" + tags + "}}");
}

Json create_server(HttpClient& client, const NewServer& server) {
  const HttpAnswer answer = client.post("/servers", create_body(server));
  if (answer.status != 201) {
    throw UnexpectedAnswer("create: " + describe(answer));
  }
  return answer.json();
}

void extend_pool(HttpClient client, const std::string& cidr) {
  const HttpAnswer answer =
      client.post("/regions/us-east-1/addresses", fmt::format(R"({{"cidr":"{}"}})", cidr),
                  {{"Prefer", "wait=60"}});  // tens of thousands of rows, on a machine at work
  if (answer.status != 200) {
    throw UnexpectedAnswer("extend the pool: " + describe(answer));
  }
}

HttpAnswer act(HttpClient& client, const std::string& id, const std::string& action,
               const HttpHeaders& headers) {
  return client.post("/servers/" + id + "/action", fmt::format(R"({{"action":"{}"}})", action),
                     headers);
}

std::string operation_status(HttpClient& client, const std::string& path) {
  const HttpAnswer answer = client.get(path);
  return answer.status == 200 ? answer.json()["status"].text() : "";
}

Json get_server(HttpClient& client, const std::string& id) {
  const HttpAnswer answer = client.get("/servers/" + id);
  if (answer.status != 200) {
    throw UnexpectedAnswer(fmt::format("GET /servers/{}: {}", id, describe(answer)));
  }
  return answer.json();
}

std::int64_t newest_version(HttpClient& client, const std::string& id) {
  const HttpAnswer answer = client.get("/servers/" + id + "/logs?limit=1");
  if (answer.status != 200) {
    throw UnexpectedAnswer(fmt::format("GET /servers/{}/logs: {}", id, describe(answer)));
  }
  return answer.json().at(0)["version"].integer();
}

Json wait_for_status(HttpClient& client, const std::string& id, const std::string& status,
                     std::chrono::milliseconds wait_max) {
  Json server;
  const bool came = eventually(
      [&] {
        server = get_server(client, id);
        return server["status"].text() == status;
      },
      wait_max);
  if (!came) {
    throw UnexpectedAnswer(fmt::format("server {} is {} after {} ms, not {}", id,
                                       server["status"].text(), wait_max.count(), status));
  }
  return server;
}

std::map<std::string, Json> all_servers(HttpClient& client, const std::string& filter) {
  std::map<std::string, Json> servers;
  const std::string base = "/servers?limit=200" + (filter.empty() ? "" : "&" + filter);
  std::string path = base;
  while (true) {
    const HttpAnswer answer = client.get(path);
    if (answer.status != 200) {
      throw UnexpectedAnswer(fmt::format("GET {}: {}", path, describe(answer)));
    }
    const Json page = answer.json();
    for (const Json& server : page["items"].elements()) {
      servers[server["id"].text()] = server;
    }
    if (!page.has("next_cursor") || page["next_cursor"].is_null()) {
      return servers;
    }
    path = base + "&cursor=" + page["next_cursor"].text();
  }
}

std::string describe(const HttpAnswer& answer) {
  return fmt::format("{} {}", answer.status, answer.body.substr(0, 500));
}

std::string random_uuid() {
  static thread_local std::mt19937_64 chance{std::random_device{}()};
  const std::uint64_t a = chance();
  const std::uint64_t b = chance();
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", a >> 32, (a >> 16) & 0xffff,
                     a & 0xfff, (b >> 48) & 0xfff, b & 0xffffffffffff);
}

}  // namespace harness
