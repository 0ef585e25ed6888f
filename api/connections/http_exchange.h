#pragma once

// Takes one request off a connection, has it answered, and sends the answer. Formats answers
// itself, without an HTTP library. D17

#include <functional>
#include <optional>
#include <string>

#include "api/connections/connection.h"
#include "api/connections/http_message.h"

namespace vsim::api {

/// Any thread; one connection by one thread at a time.
class HttpExchange {
 public:
  /// Must answer every request, also those with a fault, and must not throw. Must call take_body()
  /// of the request before it reads the body. May block. Called from many threads at once.
  using Handler = std::function<HttpResponse(HttpRequest&)>;

  explicit HttpExchange(Handler handler) : handler_(std::move(handler)) {}

  /// What is to be done with the connection after an answer.
  struct Served {
    bool open = false;                                          // it takes another request
    std::function<void(OpenConnection&&)> take_over = nullptr;  // it is to be given to this
  };

  /// Reads, handles and answers the request that has begun to arrive, unless the answer is cut.
  /// `last`: the answer says that the connection is closed after it.
  Served serve_one(Connection& connection, const std::optional<process::IpAddress>& peer,
                   bool last);

  /// The whole answer to a client whose request is not read, as bytes.
  std::string answer_to_fault(Fault fault) const;

 private:
  Handler handler_;
};

}  // namespace vsim::api
