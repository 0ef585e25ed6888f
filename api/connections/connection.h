#pragma once

// One client's connection, and the framing of requests on it (RFC 9112): where a head ends, where a
// body ends, within which limits of bytes and time. A line ends with CR LF and with nothing else. A
// body is always taken off the connection, that of a GET too, or the connection is closed: what is
// left of it would be read as the next request.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "api/connections/request_head.h"
#include "api/connections/transport.h"

namespace vsim::api {

/// Time from the first byte of a request to its last.
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

  /// Takes the head of the request that has begun off the connection, with its empty line. Checks
  /// that lines end with CR LF, and that the first is a request line when nothing has come behind
  /// it yet: there is no need to wait for the rest of something else.
  tl::expected<std::string, HeadRefusal> take_head();

  /// Takes the body of that head off the connection; gives the fault when there is one.
  /// A client that waits for "100 Continue" is sent that first, unless its length is too large.
  tl::expected<std::string, Fault> take_body(const RequestHead& head);

  /// Sends an answer; false when the client is gone or does not take it in time.
  bool send(std::string_view answer);

  /// Lets a client that may still be sending finish reading our answer: closed at once, the
  /// connection would be reset and the answer lost. Blocks for 2 s at most.
  void linger();

 private:
  using Got = Transport::State;
  Got fill(Transport::Time until);  // into the empty buffer
  Got fill_within_request();
  bool has_received() const { return begin_ < end_; }
  void skip_empty_lines();
  std::string_view take_to_line_end();  // of what is received: to the next LF, or all
  bool take_byte(char& byte);
  bool take_bytes(std::string& into, std::size_t count);
  std::optional<Fault> take_line(std::string& line, std::size_t most);
  std::optional<Fault> take_chunk_end();
  std::optional<Fault> take_chunks(std::string& body);
  std::optional<Fault> take_trailers();

  Transport& transport_;
  std::array<char, 16 * 1024> buffer_;
  std::size_t begin_ = 0;  // what is received and not taken: [begin_, end_)
  std::size_t end_ = 0;
  Transport::Time began_;  // the request
};

}  // namespace vsim::api
