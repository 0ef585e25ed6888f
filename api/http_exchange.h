#pragma once

// One request off a connection, and its answer onto it. cpp-httplib parses heads and writes
// answers; it is seen nowhere else.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/connection.h"
#include "api/http_message.h"

namespace vsim::api {

/// Any thread; one connection by one thread at a time.
class HttpExchange {
 public:
  /// Must answer every request, also those with a fault, and should not throw. May block.
  using Handler = std::function<HttpResponse(HttpRequest&)>;

  explicit HttpExchange(Handler handler);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  /// The request that has begun to come is read whole, handled and answered. `last`: the answer
  /// says that none is taken after it. False when the connection is of no further use.
  bool serve_one(Connection& connection, const std::optional<telemetry::IpAddress>& peer,
                 bool last);

  /// The whole answer to a client that is not listened to, as bytes.
  std::string answer_to_fault(Fault fault) const;

 private:
  class Library;
  std::unique_ptr<Library> library_;
};

}  // namespace vsim::api
