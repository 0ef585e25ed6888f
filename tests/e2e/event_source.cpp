#include "tests/e2e/event_source.h"

#include <stdexcept>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/loopback.h"

namespace e2e {

using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

EventSource::EventSource(std::uint16_t port, std::string path, harness::HttpHeaders headers)
    : port_(port), path_(std::move(path)), headers_(std::move(headers)) {}

EventSource::~EventSource() { close(); }

EventSource::EventSource(EventSource&& other) noexcept
    : port_(other.port_),
      path_(std::move(other.path_)),
      headers_(std::move(other.headers_)),
      socket_(std::exchange(other.socket_, -1)),
      has_head_(other.has_head_),
      head_(std::move(other.head_)),
      unread_(std::move(other.unread_)),
      id_(std::move(other.id_)),
      type_(std::move(other.type_)),
      data_(std::move(other.data_)),
      last_event_id_(std::move(other.last_event_id_)),
      events_(std::move(other.events_)),
      comments_(other.comments_),
      connections_(other.connections_) {}

void EventSource::close() {
  if (socket_ >= 0) {
    ::close(socket_);
    socket_ = -1;
  }
  has_head_ = false;
  head_.clear();
  unread_.clear();
  id_.clear();
  type_.clear();
  data_.clear();
}

bool EventSource::connect() {
  close();
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (buffer_bytes_ > 0) {
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &buffer_bytes_, sizeof buffer_bytes_);
  }
  const sockaddr_in address = harness::loopback(port_);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close();
    return false;
  }
  std::string request = "GET " + path_ + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  request += "Accept: text/event-stream\r\nCache-Control: no-cache\r\n";
  if (!last_event_id_.empty()) {
    request += "Last-Event-ID: " + last_event_id_ + "\r\n";
  }
  for (const auto& [name, value] : headers_) {
    request += name + ": " + value + "\r\n";
  }
  request += "\r\n";
  ++connections_;
  return ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(request.size());
}

int EventSource::open_with_buffer(int bytes) {
  buffer_bytes_ = bytes;
  const int status = open();
  buffer_bytes_ = 0;
  return status;
}

int EventSource::open() {
  const auto until = Steady::now() + 20s;
  while (!has_head_) {
    if (Steady::now() > until) {
      throw std::runtime_error("no stream could be opened");
    }
    if (socket_ < 0 && !connect()) {
      std::this_thread::sleep_for(50ms);
      continue;
    }
    if (!read_some(20s)) {
      close();
    }
  }
  return std::stoi(head_.substr(head_.find(' ') + 1, 3));
}

bool EventSource::read_some(std::chrono::milliseconds wait_max) {
  pollfd waiting{socket_, POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(wait_max.count())) <= 0) {
    return true;
  }
  char bytes[16 * 1024];
  const ssize_t count = recv(socket_, bytes, sizeof bytes, 0);
  if (count <= 0) {
    return false;
  }
  unread_.append(bytes, static_cast<std::size_t>(count));
  if (!has_head_) {
    const auto end = unread_.find("\r\n\r\n");
    if (end == std::string::npos) {
      return true;
    }
    head_ = unread_.substr(0, end + 4);
    unread_.erase(0, end + 4);
    has_head_ = true;
  }
  std::size_t begin = 0;
  for (auto end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n', begin)) {
    take_line(unread_.substr(begin, end - begin));
    begin = end + 1;
  }
  unread_.erase(0, begin);
  return true;
}

void EventSource::take_line(const std::string& line) {
  if (line.empty()) {
    return dispatch();
  }
  if (line.front() == ':') {
    ++comments_;
    return;
  }
  const auto colon = line.find(':');
  const std::string field = line.substr(0, colon);
  std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) {
    value.erase(0, 1);
  }
  if (field == "event") {
    type_ = value;
  } else if (field == "data") {
    data_ += value + "\n";
  } else if (field == "id") {
    id_ = value;
  }
}

void EventSource::dispatch() {
  if (!id_.empty()) {
    last_event_id_ = id_;
  }
  if (!data_.empty()) {
    data_.pop_back();
    events_.push_back({last_event_id_, type_.empty() ? "message" : type_, data_});
  }
  type_.clear();
  data_.clear();
}

StreamedEvent EventSource::next(std::chrono::milliseconds wait_max) {
  const auto until = Steady::now() + wait_max;
  while (events_.empty()) {
    if (Steady::now() > until) {
      throw std::runtime_error("no event came; the last one was " + last_event_id_);
    }
    if (socket_ < 0 && !connect()) {
      std::this_thread::sleep_for(50ms);
      continue;
    }
    if (!read_some(100ms)) {
      close();
      std::this_thread::sleep_for(50ms);
    } else if (has_head_ && head_.find(" 200 ") == std::string::npos) {
      throw std::runtime_error("no event stream: " + head_ + unread_);
    }
  }
  StreamedEvent event = events_.front();
  events_.erase(events_.begin());
  return event;
}

std::vector<StreamedEvent> EventSource::up_to(const std::string& type,
                                              std::chrono::milliseconds wait_max) {
  std::vector<StreamedEvent> found;
  const auto until = Steady::now() + wait_max;
  do {
    found.push_back(
        next(std::chrono::duration_cast<std::chrono::milliseconds>(until - Steady::now())));
  } while (found.back().type != type);
  return found;
}

std::vector<StreamedEvent> EventSource::within(std::chrono::milliseconds length) {
  const auto until = Steady::now() + length;
  while (Steady::now() < until) {
    if (socket_ < 0 && !connect()) {
      std::this_thread::sleep_for(50ms);
    } else if (!read_some(50ms)) {
      close();
    }
  }
  return std::exchange(events_, {});
}

}  // namespace e2e
