#pragma once

// A client of GET /events as WHATWG HTML, 9.2 describes it: parses the stream by its own rules,
// remembers the last event's id, and comes again by itself with it, as a browser's EventSource
// does. Plain, loopback only. Threads: one.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/harness/http_client.h"
#include "tests/harness/json.h"

namespace e2e {

inline std::string text_in(const harness::Json& object, const std::string& name) {
  return object.has(name) && !object[name].is_null() ? object[name].text() : "";
}

struct StreamedEvent {
  std::string id;
  std::string type;
  std::string data;
  harness::Json json() const { return harness::Json::parse(data); }
  /// A text of the event; empty where it has none.
  std::string text(const std::string& name) const { return text_in(json(), name); }
  /// The same of the server after it.
  std::string of_server(const std::string& name) const { return text_in(json()["server"], name); }
  std::int64_t sequence() const { return std::stoll(id); }
};

class EventSource {
 public:
  /// Connects with the first read.
  EventSource(std::uint16_t port, std::string path, harness::HttpHeaders headers = {});
  ~EventSource();
  EventSource(EventSource&& other) noexcept;
  EventSource& operator=(EventSource&&) = delete;

  /// The next event; waits for it and connects again as often as need be. Throws when none comes
  /// in time, and when the answer is none of an event stream.
  StreamedEvent next(std::chrono::milliseconds wait_max = std::chrono::seconds(30));

  /// The next events up to the one of that type, which is the last.
  std::vector<StreamedEvent> up_to(const std::string& type,
                                   std::chrono::milliseconds wait_max = std::chrono::seconds(30));

  /// Events that come within this time.
  std::vector<StreamedEvent> within(std::chrono::milliseconds length);

  /// Connects and waits for the head of the answer; gives its status.
  int open();
  /// The same with so small a buffer in this machine's system; reads no more than the head.
  int open_with_buffer(int bytes);
  /// Takes what has come, without an event: for comments, and to see the end. False: ended.
  bool read_some(std::chrono::milliseconds wait_max);

  void close();
  const std::string& last_event_id() const { return last_event_id_; }
  const std::string& head() const { return head_; }
  std::size_t comments() const { return comments_; }
  std::size_t connections() const { return connections_; }

 private:
  bool connect();
  void take_line(const std::string& line);
  void dispatch();

  std::uint16_t port_;
  std::string path_;
  harness::HttpHeaders headers_;
  int socket_ = -1;
  int buffer_bytes_ = 0;  // 0: as the system has it
  bool has_head_ = false;
  std::string head_;
  std::string unread_;
  std::string id_;
  std::string type_;
  std::string data_;
  std::string last_event_id_;
  std::vector<StreamedEvent> events_;
  std::size_t comments_ = 0;
  std::size_t connections_ = 0;
};

}  // namespace e2e
