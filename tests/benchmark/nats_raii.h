#pragma once

// Owners for the few nats.c objects of the bench.

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include <nats/nats.h>

namespace vsim::bench {

struct NatsDeleter {
  void operator()(natsConnection* connection) const { natsConnection_Destroy(connection); }
  void operator()(natsSubscription* subscription) const { natsSubscription_Destroy(subscription); }
  void operator()(natsMsg* message) const { natsMsg_Destroy(message); }
  void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
};
using Connection = std::unique_ptr<natsConnection, NatsDeleter>;
using Subscription = std::unique_ptr<natsSubscription, NatsDeleter>;
using NatsMessage = std::unique_ptr<natsMsg, NatsDeleter>;

/// One a process, in main: must live longer than every other object of the library.
struct NatsLibrary {
  NatsLibrary() { nats_Open(-1); }
  ~NatsLibrary() { nats_Close(); }
  NatsLibrary(const NatsLibrary&) = delete;
  NatsLibrary& operator=(const NatsLibrary&) = delete;
};

inline void check(natsStatus status, const std::string& what) {
  if (status != NATS_OK) {
    throw std::runtime_error(what + ": " + natsStatus_GetText(status));
  }
}

inline Connection connect(const std::string& url, bool send_at_once) {
  natsOptions* raw_options = nullptr;
  check(natsOptions_Create(&raw_options), "nats options");
  const std::unique_ptr<natsOptions, NatsDeleter> options(raw_options);
  check(natsOptions_SetURL(raw_options, url.c_str()), "nats url");
  check(natsOptions_SetSendAsap(raw_options, send_at_once), "nats options");
  natsConnection* connection = nullptr;
  check(natsConnection_Connect(&connection, raw_options), "connect to " + url);
  return Connection(connection);
}

inline Subscription subscribe(natsConnection& connection, const std::string& subject) {
  natsSubscription* raw = nullptr;
  check(natsConnection_SubscribeSync(&raw, &connection, subject.c_str()), "subscribe");
  Subscription subscription(raw);
  check(natsSubscription_SetPendingLimits(raw, -1, -1), "subscription limits");
  return subscription;
}

inline std::string new_inbox() {
  natsInbox* raw = nullptr;
  check(natsInbox_Create(&raw), "inbox");
  std::string inbox(raw);
  natsInbox_Destroy(raw);
  return inbox;
}

/// The next message; null when none came in time.
inline NatsMessage next_message(const Subscription& subscription, std::chrono::milliseconds wait) {
  natsMsg* message = nullptr;
  const natsStatus status = natsSubscription_NextMsg(&message, subscription.get(), wait.count());
  if (status != NATS_TIMEOUT) {
    check(status, "next message");
  }
  return NatsMessage(message);
}

inline std::string request(const Connection& connection, const std::string& subject,
                           const std::string& body) {
  natsMsg* raw = nullptr;
  check(natsConnection_RequestString(&raw, connection.get(), subject.c_str(), body.c_str(), 10000),
        "request " + subject);
  const NatsMessage reply(raw);
  return {natsMsg_GetData(raw), static_cast<std::size_t>(natsMsg_GetDataLength(raw))};
}

}  // namespace vsim::bench
