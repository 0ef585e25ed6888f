#include "tests/benchmark/ask.h"

#include <utility>

namespace vsim::bench {
namespace {

class Ask : public Workload {
 public:
  explicit Ask(std::string request) : request_(std::move(request)) {}
  bool next(std::size_t, std::string& bytes) override {
    bytes = request_;
    return !std::exchange(asked_, true);
  }
  std::string_view answered(std::size_t, const Answer& answer, std::string&) override {
    status = answer.status;
    body = std::string(answer.body);
    return "ask";
  }
  int status = 0;
  std::string body;

 private:
  std::string request_;
  bool asked_ = false;
};

}  // namespace

AskResult ask(const Target& api, std::string_view method, std::string_view path,
              std::string_view body, std::string_view more_headers) {
  Ask workload(http_request(method, path, body, more_headers));
  auto result = run_load(api, {{&workload, 1}}, std::chrono::seconds(90));
  return {workload.status, std::move(workload.body), std::move(result)};
}

std::string member_of(const std::string& json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const std::size_t at = json.find(key);
  if (at == std::string::npos) {
    return {};
  }
  std::string value = json.substr(at + key.size());
  const bool quoted = value.starts_with('"');
  value = value.substr(quoted ? 1 : 0);
  return value.substr(0, value.find_first_of(quoted ? "\"" : ",}] \n"));
}

}  // namespace vsim::bench
