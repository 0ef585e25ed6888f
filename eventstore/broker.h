#pragma once

// One connection to the broker, in the few forms vsim needs. It reconnects for ever; while it is
// down every call fails at once with Error::Kind::unavailable instead of queueing (a request sent
// after its caller gave up would be a surprise).
//
// Threads: all calls are safe from any thread. Subscriptions are made once, belong to one thread
// and end with the connection.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/message.h"
#include "eventstore/received.h"
#include "eventstore/wait_limits.h"

namespace vsim::eventstore {

/// Opens the broker's client library; make one first in main(), before any Broker.
class BrokerLibrary {
 public:
  BrokerLibrary();
  ~BrokerLibrary();
  BrokerLibrary(const BrokerLibrary&) = delete;
  BrokerLibrary& operator=(const BrokerLibrary&) = delete;
};

/// A random token for a subject, which no other call gives.
std::string new_token();

/// Waits for messages under one subject.
class Subscription {
 public:
  virtual ~Subscription() = default;
  /// The next message; nothing when none came within `wait`.
  virtual Result<std::optional<Received>> next(std::chrono::milliseconds wait) = 0;
  /// Messages that have arrived and were not taken yet.
  virtual std::size_t pending() const = 0;
  /// Ends the interest at the broker; what has arrived before can still be taken.
  virtual void end() = 0;
};

/// Files in PEM; all may be empty. With any of them, or a URL that begins with tls://, the broker
/// must speak TLS, and show a certificate that these authorities vouch for and that names the URL's
/// host.
struct BrokerTls {
  std::string authorities = {};  // empty: the system's
  std::string certificate = {};  // who we are, for brokers that ask
  std::string key = {};
};

struct BrokerOptions {
  std::string url;   // nats://[user:password@]host:port; see new_inbox()
  std::string name;  // shown by the broker's connection reports
  std::chrono::milliseconds timeout = request_max;  // of one request
  bool send_at_once = false;  // a system call per publish: for those that somebody waits for
  BrokerTls tls = {};
};

class Broker {
 public:
  /// Connects, or fails with the reason. Refuses brokers older than 2.15, and those that cannot
  /// prove who they are where TLS is asked for.
  static Result<std::unique_ptr<Broker>> connect(const BrokerOptions& options);
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  /// Sends and waits for the one reply.
  Result<Received> request(const std::string& subject, std::string_view payload,
                           const Headers& headers = {}) const;

  /// A request to the broker's JSON API; a reply with an `error` is an Error.
  Result<std::string> api(const std::string& subject, std::string_view json) const;

  /// Sends without waiting for anything: at once where the options say so, else within a
  /// millisecond or with the next request. Best effort: a failure is only counted.
  void publish(const std::string& subject, std::string_view payload, const Headers& headers = {},
               const std::string& reply_to = {}) const;

  /// Sends what publish() has gathered, in one write, and waits until the broker has read it: one
  /// round trip. False when it has not within flush_max.
  bool flush() const;

  std::unique_ptr<Subscription> subscribe(const std::string& subject) const;

  /// A new subject that nobody else receives on: `_INBOX_<user>.` and a token where the URL names a
  /// user, so that users may be kept from each other's answers; else `_INBOX.` and a token.
  std::string new_inbox() const;

  /// Ends the connection for good: whoever waits for the broker fails now, as does every later
  /// call. For the end of a process whose broker does not answer.
  void give_up();

  bool connected() const;
  /// Grows with each reconnect: what was subscribed to may have missed messages.
  std::uint64_t reconnects() const;
  /// Publishes and requests that the broker forbade (its permissions).
  std::uint64_t permission_errors() const;
  /// The broker's version at connect, such as "2.15.2".
  std::string server_version() const;

  struct Impl;

 private:
  explicit Broker(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vsim::eventstore
