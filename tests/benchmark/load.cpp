#include "tests/benchmark/load.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "domain/decimal.h"

namespace vsim::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds last_answers_max{70};

struct Connection {
  Workload* workload = nullptr;
  std::size_t client = 0;  // within its group
  int socket = -1;
  std::string request;
  std::string received;
  Clock::time_point sent_at;
};

/// The length of the whole answer at the begin of `received`; 0: not yet all there.
/// Throws for an answer that cannot be measured.
std::size_t answer_length(std::string_view received, Answer& answer) {
  const std::size_t end = received.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return 0;
  }
  answer.head = received.substr(0, end + 2);
  answer.status = static_cast<int>(read_decimal(answer.head.substr(9, 3)).value_or(0));
  const std::string_view length_text = answer.header("Content-Length");
  if (length_text.empty() && answer.status != 204) {
    throw std::runtime_error("an answer without Content-Length: " + std::string(answer.head));
  }
  const std::size_t length = read_decimal(length_text).value_or(0);
  if (received.size() < end + 4 + length) {
    return 0;
  }
  answer.body = received.substr(end + 4, length);
  return end + 4 + length;
}

class Generator {
 public:
  Generator(const Target& target, const std::vector<Group>& groups) : target_(target) {
    for (const Group& group : groups) {
      for (std::size_t client = 0; client < group.clients; ++client) {
        connections_.push_back(std::make_unique<Connection>());
        connections_.back()->workload = group.workload;
        connections_.back()->client = client;
      }
    }
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    for (const auto& connection : connections_) {
      connect(*connection);
    }
  }
  ~Generator() {
    for (const auto& connection : connections_) {
      ::close(connection->socket);
    }
    ::close(epoll_);
  }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  LoadResult run(std::chrono::milliseconds duration) {
    started_ = Clock::now();
    stop_at_ = started_ + duration;
    for (const auto& connection : connections_) {
      send_next(*connection);
    }
    while (under_way_ > 0) {
      if (Clock::now() > stop_at_ + last_answers_max) {
        result_.errors["no answer within 70 s"] += under_way_;
        break;
      }
      serve_events();
    }
    return std::move(result_);
  }

 private:
  void connect(Connection& connection) {
    connection.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(target_.port);
    ::inet_pton(AF_INET, target_.host.c_str(), &address.sin_addr);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(connection.socket, generic, sizeof address) != 0) {
      throw std::runtime_error(
          fmt::format("connect to {}:{}: {}", target_.host, target_.port, std::strerror(errno)));
    }
    const int on = 1;
    ::setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
  }

  void reconnect(Connection& connection) {
    ::close(connection.socket);
    connection.received.clear();
    connect(connection);
  }

  void send_next(Connection& connection) {
    if (Clock::now() >= stop_at_) {
      return;
    }
    connection.request.clear();
    if (!connection.workload->next(connection.client, connection.request)) {
      return;
    }
    connection.sent_at = Clock::now();
    std::string_view rest = connection.request;
    while (!rest.empty()) {
      const ssize_t sent = ::send(connection.socket, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        break;  // the end of the connection shows when it is read
      }
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    ++under_way_;
  }

  void serve_events() {
    std::array<epoll_event, 256> events{};
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1000);
    for (int i = 0; i < count; ++i) {
      receive(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
  }

  void receive(Connection& connection) {
    std::array<char, 65536> bytes;
    const ssize_t got = ::recv(connection.socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    if (got <= 0) {
      lost(connection);
      return;
    }
    connection.received.append(bytes.data(), static_cast<std::size_t>(got));
    Answer answer;
    const std::size_t length = answer_length(connection.received, answer);
    if (length == 0) {
      return;
    }
    const bool server_closes = answer.header("Connection") == "close";
    count_answer(connection, answer);
    connection.received.erase(0, length);
    if (server_closes) {
      reconnect(connection);
    }
    send_next(connection);
  }

  void lost(Connection& connection) {
    const bool waiting = !connection.request.empty();
    reconnect(connection);
    if (waiting) {
      --under_way_;
      connection.request.clear();
      ++result_.errors["connection lost before the answer"];
      send_next(connection);
    }
  }

  void count_answer(Connection& connection, const Answer& answer) {
    const auto now = Clock::now();
    --under_way_;
    connection.request.clear();
    std::string error;
    const std::string_view name = connection.workload->answered(connection.client, answer, error);
    if (!error.empty()) {
      ++result_.errors[error];
      return;
    }
    auto found = result_.series.find(name);
    if (found == result_.series.end()) {
      found = result_.series.emplace(std::string(name), Series{}).first;
    }
    found->second.samples.add(now - connection.sent_at);
    found->second.seconds = std::chrono::duration<double>(now - started_).count();
  }

  Target target_;
  std::vector<std::unique_ptr<Connection>> connections_;
  int epoll_ = -1;
  std::size_t under_way_ = 0;
  Clock::time_point started_;
  Clock::time_point stop_at_;
  LoadResult result_;
};

}  // namespace

std::string_view Answer::header(std::string_view name) const {
  std::string_view rest = head;
  for (std::size_t end = rest.find("\r\n"); end != std::string_view::npos;
       end = rest.find("\r\n")) {
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (line.size() > name.size() + 1 && line[name.size()] == ':' &&
        ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
      const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
      return value == std::string_view::npos ? std::string_view{} : line.substr(value);
    }
  }
  return {};
}

double Series::per_second() const {
  return seconds > 0 ? static_cast<double>(samples.count()) / seconds : 0;
}

double LoadResult::per_second(const std::string& name) const {
  const auto found = series.find(name);
  return found == series.end() ? 0 : found->second.per_second();
}

LoadResult run_load(const Target& target, const std::vector<Group>& groups,
                    std::chrono::milliseconds duration) {
  return Generator(target, groups).run(duration);
}

std::string http_request(std::string_view method, std::string_view path, std::string_view body,
                         std::string_view more_headers) {
  std::string bytes =
      fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}", method, path, more_headers);
  if (!body.empty()) {
    bytes += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  }
  bytes += "\r\n";
  bytes += body;
  return bytes;
}

}  // namespace vsim::bench
