#include "tests/benchmark/workloads.h"

#include <fmt/format.h>

#include "tests/benchmark/ask.h"

namespace vsim::bench {
namespace {

/// An error's text: what was asked, the status, and the problem document's code.
std::string unexpected(std::string_view what, const Answer& answer) {
  static constexpr std::string_view member = "\"code\":\"";
  const std::size_t at = answer.body.find(member);
  std::string_view code;
  if (at != std::string_view::npos) {
    code = answer.body.substr(at + member.size());
    code = code.substr(0, code.find('"'));
  }
  return fmt::format("{}: {} {}", what, answer.status, code);
}

void note_accepted(Accepted& accepted, std::size_t client, const Answer& answer) {
  if (accepted.last_operation.size() <= client) {
    accepted.last_operation.resize(client + 1);
  }
  accepted.last_operation[client] = std::string(answer.header("Location"));
  ++accepted.count;
}

constexpr std::string_view respond_async = "Prefer: respond-async\r\n";

}  // namespace

bool Creates::next(std::size_t, std::string& bytes) {
  if (started_ == options_.count_max) {
    return false;
  }
  ++started_;
  const std::string profile =
      options_.profile.empty() ? "" : fmt::format(R"(,"profile":"{}")", options_.profile);
  bytes =
      http_request("POST", "/servers" + options_.query,
                   fmt::format(R"({{"name":"bench-{}","region":"us-east-1","type":"t2.micro"{}}})",
                               started_, profile),
                   options_.wait == Wait::accepted ? respond_async : std::string_view{});
  return true;
}

std::string_view Creates::answered(std::size_t client, const Answer& answer, std::string& error) {
  if (answer.status == 202) {
    if (options_.wait == Wait::accepted || options_.expected == "202") {
      note_accepted(accepted_, client, answer);
      return "create";
    }
  } else if (answer.status == 201) {
    std::string_view location = answer.header("Location");
    server_ids_.emplace_back(location.substr(location.rfind('/') + 1));
    return "create";
  }
  error = unexpected("create", answer);
  return {};
}

StopsAndStarts::StopsAndStarts(std::vector<std::string> server_ids, std::size_t clients)
    : server_ids_(std::move(server_ids)), stopped_(clients, false) {}

bool StopsAndStarts::next(std::size_t client, std::string& bytes) {
  const std::string_view action = stopped_.at(client) ? "start" : "stop";
  bytes = http_request("POST", "/servers/" + server_ids_.at(client) + "/action",
                       fmt::format(R"({{"action":"{}"}})", action));
  return true;
}

std::string_view StopsAndStarts::answered(std::size_t client, const Answer& answer,
                                          std::string& error) {
  const std::string_view action = stopped_.at(client) ? "start" : "stop";
  if (answer.status != 200) {
    error = unexpected(action, answer);
    return {};
  }
  stopped_.at(client) = !stopped_.at(client);
  return action;
}

bool AcquiresAndReleases::next(std::size_t client, std::string& bytes) {
  const std::string& had = had_.at(client);
  bytes = http_request("POST", had.empty() ? path_ : "/servers/" + had + "/release", "{}");
  return true;
}

std::string_view AcquiresAndReleases::answered(std::size_t client, const Answer& answer,
                                               std::string& error) {
  std::string& had = had_.at(client);
  const std::string_view what = had.empty() ? "acquire" : "release";
  if (answer.status == 409 && had.empty()) {
    return "empty";
  }
  if (answer.status != 200) {
    error = unexpected(what, answer);
    return {};
  }
  had = had.empty() ? std::string(member_of(std::string(answer.body), "id")) : std::string();
  return what;
}

bool ActionForEach::next(std::size_t, std::string& bytes) {
  if (left_ == 0 || server_ids_.empty()) {
    return false;
  }
  bytes = http_request("POST", "/servers/" + server_ids_.back() + "/action",
                       fmt::format(R"({{"action":"{}"}})", action_), respond_async);
  server_ids_.pop_back();
  --left_;
  return true;
}

std::string_view ActionForEach::answered(std::size_t client, const Answer& answer,
                                         std::string& error) {
  if (answer.status != 202) {
    error = unexpected(action_, answer);
    return {};
  }
  note_accepted(accepted_, client, answer);
  return action_;
}

bool Reads::next(std::size_t, std::string& bytes) {
  std::string path = path_;
  if (const std::size_t at = path.find("{id}"); at != std::string::npos) {
    path.replace(at, 4, server_ids_.at(chance_() % server_ids_.size()));
  }
  bytes = http_request("GET", path);
  return true;
}

std::string_view Reads::answered(std::size_t, const Answer& answer, std::string& error) {
  if (answer.status != 200) {
    error = unexpected(name_, answer);
    return {};
  }
  return name_;
}

}  // namespace vsim::bench
