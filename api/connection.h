#pragma once

// One client's connection, with the framing of requests and their bodies. cpp-httplib 0.11 parses
// the head and writes the answer; its own way of reading falls short of what the API promises, so
// this class stands in between:
//   - it reads and writes with one system call a request each, where the library's stream takes
//   four;
//   - heads are bounded in bytes and in time;
//   - a body is always taken off the connection, also that of a GET, or the connection is closed:
//     the library would take what is left of it for the next request;
//   - a chunked body is bounded too.

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include <sys/types.h>

#include "api/http_message.h"
#include "api/transport.h"

namespace vsim::api {

/// From the first byte of a request to its last.
inline constexpr std::chrono::seconds request_seconds_max{15};
/// How long a client may be silent between two requests, or within one.
inline constexpr std::chrono::seconds idle_seconds_max{5};
/// How long it may take to receive an answer.
inline constexpr std::chrono::seconds send_seconds_max{15};

/// Belongs to one thread at a time. Does not own the transport, which must be open.
class Connection {
 public:
  explicit Connection(Transport& transport);

  /// `some` when the next request has begun, `late` when it has not by then, `end` when none will:
  /// the client went away or the server stops.
  Transport::State wait_for_request(Transport::Time until);

  /// The head as read by the library so far, and the body, taken off the connection. Called once a
  /// request, when the library has parsed the head. `fault` is set when the body could not be
  /// taken.
  void take_rest(HttpRequest& request);

  /// As far as the library has read it.
  std::string_view head() const { return head_; }

  /// What went wrong while the library read the head.
  std::optional<Fault> head_fault() const { return head_fault_; }

  /// Sends what is buffered; false when the client is gone.
  bool flush();

  /// After a fault the client may still be sending: lets it finish reading our answer before the
  /// connection is cut, which would otherwise be reset and the answer lost.
  void linger();

  /// For the library while it reads a head: bytes received, 0 at the end, -1 after a fault.
  ssize_t read(char* into, std::size_t size);
  /// Into a buffer; sent by flush(), or when there is much.
  ssize_t write(const char* from, std::size_t size);

 private:
  using Got = Transport::State;
  Got fill(Transport::Time until);  // into the empty buffer
  Got fill_within_request();
  bool take_byte(char& byte);
  bool take_bytes(std::string& into, std::size_t count);
  std::optional<Fault> take_line(std::string& line, std::size_t most);
  std::optional<Fault> take_sized_body(std::string_view length, std::string& body);
  std::optional<Fault> take_chunked_body(std::string& body);

  Transport& transport_;
  std::array<char, 16 * 1024> buffer_;
  std::size_t begin_ = 0;  // what is received and not taken: [begin_, end_)
  std::size_t end_ = 0;
  std::string head_;
  std::string out_;
  bool in_head_ = true;
  std::optional<Fault> head_fault_;
  Transport::Time began_;                        // the request
  std::optional<Transport::Time> answer_until_;  // must be taken by the client
};

}  // namespace vsim::api
