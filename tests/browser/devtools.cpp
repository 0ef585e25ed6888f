#include "tests/browser/devtools.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

namespace browser {
namespace {

using harness::Json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds answer_wait_max{60};

}  // namespace

DevTools::~DevTools() {
  ::close(to_);
  ::close(from_);
}

Json DevTools::call(const std::string& method, const std::string& parameters) {
  const std::int64_t id = ++last_id_;
  const std::string session =
      session_.empty() ? "" : R"(,"sessionId":)" + harness::json_quoted(session_);
  send(fmt::format(R"({{"id":{},"method":"{}","params":{}{}}})", id, method, parameters, session));
  const auto give_up = Clock::now() + answer_wait_max;
  while (true) {
    Json message = receive(method, give_up);
    if (!message.has("id")) {
      events_.push_back(std::move(message));
    } else if (message["id"].integer() == id) {
      if (message.has("error")) {
        throw BrowserError(method + ": " + message["error"]["message"].text());
      }
      return message["result"];
    }
  }
}

std::vector<Json> DevTools::take_events() { return std::exchange(events_, {}); }

void DevTools::send(const std::string& message) {
  std::size_t sent = 0;
  while (sent <= message.size()) {  // with the zero behind it
    const ssize_t count = ::write(to_, message.c_str() + sent, message.size() + 1 - sent);
    if (count <= 0) {
      throw BrowserError("the browser takes no commands any more");
    }
    sent += static_cast<std::size_t>(count);
  }
}

Json DevTools::receive(const std::string& method, Clock::time_point give_up) {
  while (true) {
    if (const auto end = received_.find('\0'); end != std::string::npos) {
      const Json message = Json::parse(received_.substr(0, end));
      received_.erase(0, end + 1);
      return message;
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(give_up - Clock::now()).count();
    pollfd waiting{from_, POLLIN, 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) <= 0) {
      throw BrowserError(fmt::format("the browser does not answer {} within {} s", method,
                                     answer_wait_max.count()));
    }
    std::array<char, 65536> part{};
    const ssize_t count = ::read(from_, part.data(), part.size());
    if (count <= 0) {
      throw BrowserError("the browser is gone");
    }
    received_.append(part.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace browser
