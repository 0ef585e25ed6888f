#pragma once

// Owners of what nats.c hands out: each destroys its object once, and nothing else does.

#include <memory>

#include <nats/nats.h>

namespace vsim::eventstore {

template <typename T, void (*Destroy)(T*)>
struct NatsDeleter {
  void operator()(T* object) const noexcept { Destroy(object); }
};

using NatsMsgHandle = std::unique_ptr<natsMsg, NatsDeleter<natsMsg, natsMsg_Destroy>>;
using NatsOptionsHandle =
    std::unique_ptr<natsOptions, NatsDeleter<natsOptions, natsOptions_Destroy>>;
using NatsSubscriptionHandle =
    std::unique_ptr<natsSubscription, NatsDeleter<natsSubscription, natsSubscription_Destroy>>;
using NatsInboxHandle = std::unique_ptr<natsInbox, NatsDeleter<natsInbox, natsInbox_Destroy>>;

/// Closes the connection before it is destroyed, so that no callback runs afterwards.
struct NatsConnectionDeleter {
  void operator()(natsConnection* connection) const noexcept {
    natsConnection_Close(connection);
    natsConnection_Destroy(connection);
  }
};
using NatsConnectionHandle = std::unique_ptr<natsConnection, NatsConnectionDeleter>;

}  // namespace vsim::eventstore
