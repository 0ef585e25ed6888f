#include "eventstore/broker.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include <nats/nats.h>

#include "eventstore/api_reply.h"
#include "eventstore/nats_handle.h"
#include "eventstore/nats_message.h"
#include "eventstore/server_info.h"

namespace vsim::eventstore {

BrokerLibrary::BrokerLibrary() {
  if (nats_Open(0) != NATS_OK) {
    std::fputs("cannot open the NATS client library\n", stderr);
    std::abort();
  }
}
BrokerLibrary::~BrokerLibrary() { nats_CloseAndWait(2000); }

// nats.c 3.4 may crash on a message for a subscription that was destroyed while connected, so those
// that are no longer wanted only end, and are destroyed behind the connection.
struct RetiredSubscriptions {
  std::mutex mutex;
  std::vector<NatsSubscriptionHandle> handles;
};

struct Broker::Impl {
  BrokerOptions options;
  std::string version;
  std::atomic<std::uint64_t> reconnects{0};
  std::atomic<std::uint64_t> permission_errors{0};
  std::shared_ptr<RetiredSubscriptions> retired = std::make_shared<RetiredSubscriptions>();
  NatsConnectionHandle connection;  // destroyed first: its callbacks use what stands above
};

namespace {

void on_reconnect(natsConnection*, void* closure) {
  static_cast<Broker::Impl*>(closure)->reconnects.fetch_add(1);
}

void on_error(natsConnection*, natsSubscription*, natsStatus status, void* closure) {
  if (status == NATS_NOT_PERMITTED) {
    static_cast<Broker::Impl*>(closure)->permission_errors.fetch_add(1);
  }
}

class SyncSubscription : public Subscription {
 public:
  SyncSubscription(NatsSubscriptionHandle handle, std::shared_ptr<RetiredSubscriptions> retired)
      : handle_(std::move(handle)), retired_(std::move(retired)) {}

  ~SyncSubscription() override {
    natsSubscription_Unsubscribe(handle_.get());
    const std::lock_guard lock(retired_->mutex);
    retired_->handles.push_back(std::move(handle_));
  }

  Result<std::optional<Received>> next(std::chrono::milliseconds wait) override {
    natsMsg* raw = nullptr;
    const auto status = natsSubscription_NextMsg(&raw, handle_.get(), wait.count());
    if (status == NATS_TIMEOUT) return std::optional<Received>();
    if (status != NATS_OK) return tl::unexpected(error_of(status, "waiting for messages"));
    const NatsMsgHandle message(raw);
    return std::optional<Received>(receive(raw));
  }

  std::size_t pending() const override {
    int messages = 0;
    int bytes = 0;
    natsSubscription_GetPending(handle_.get(), &messages, &bytes);
    return static_cast<std::size_t>(messages);
  }

  void end() override {
    std::int64_t taken = 0;
    natsSubscription_GetDelivered(handle_.get(), &taken);
    natsSubscription_AutoUnsubscribe(handle_.get(),
                                     static_cast<int>(taken) + static_cast<int>(pending()));
  }

 private:
  NatsSubscriptionHandle handle_;
  std::shared_ptr<RetiredSubscriptions> retired_;
};

natsStatus configure(natsOptions* options, const BrokerOptions& wanted, Broker::Impl* impl) {
  auto status = natsOptions_SetURL(options, wanted.url.c_str());
  const auto then = [&status](natsStatus next) {
    if (status == NATS_OK) status = next;
  };
  then(natsOptions_SetName(options, wanted.name.c_str()));
  then(natsOptions_SetTimeout(options, 2000));
  then(natsOptions_SetMaxReconnect(options, -1));
  then(natsOptions_SetReconnectWait(options, 200));
  then(natsOptions_SetReconnectJitter(options, 50, 50));
  then(natsOptions_SetReconnectBufSize(options, 0));
  then(natsOptions_SetFailRequestsOnDisconnect(options, true));
  then(natsOptions_SetPingInterval(options, 5000));
  then(natsOptions_SetMaxPingsOut(options, 3));
  then(natsOptions_SetIOBufSize(options, 256 * 1024));
  then(natsOptions_SetSendAsap(options, wanted.send_at_once));
  then(natsOptions_SetReconnectedCB(options, on_reconnect, impl));
  then(natsOptions_SetErrorHandler(options, on_error, impl));
  return status;
}

// "nats://user:password@host:port" as host and port.
std::pair<std::string, std::string> host_and_port(std::string url) {
  url = url.substr(0, url.find(','));
  if (const auto scheme = url.find("://"); scheme != std::string::npos) url.erase(0, scheme + 3);
  if (const auto user = url.rfind('@'); user != std::string::npos) url.erase(0, user + 1);
  url = url.substr(0, url.find('/'));
  const auto colon = url.rfind(':');
  if (colon == std::string::npos || url.back() == ']') return {url, "4222"};
  return {url.substr(0, colon), url.substr(colon + 1)};
}

}  // namespace

Broker::Broker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Broker::~Broker() = default;

Result<std::unique_ptr<Broker>> Broker::connect(const BrokerOptions& options) {
  const auto [host, port] = host_and_port(options.url);
  auto version = read_server_version(host, port);
  if (!version) return tl::unexpected(version.error());
  if (!version_at_least(*version, 2, 15)) {
    return fail(Error::Kind::refused, "nats-server " + *version + " at " + host + ":" + port +
                                          " is too old: vsim needs 2.15 or newer, whose atomic "
                                          "batches survive a power cut");
  }
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->version = *version;
  natsOptions* raw_options = nullptr;
  auto status = natsOptions_Create(&raw_options);
  const NatsOptionsHandle owned_options(raw_options);
  if (status == NATS_OK) status = configure(raw_options, options, impl.get());
  natsConnection* raw = nullptr;
  if (status == NATS_OK) status = natsConnection_Connect(&raw, raw_options);
  if (status != NATS_OK) return tl::unexpected(error_of(status, "connecting to " + host));
  impl->connection.reset(raw);
  return std::unique_ptr<Broker>(new Broker(std::move(impl)));
}

Result<Received> Broker::request(const std::string& subject, std::string_view payload,
                                 const Headers& headers) const {
  const auto message = make_message(subject, {}, payload, headers);
  natsMsg* raw = nullptr;
  const auto status = natsConnection_RequestMsg(&raw, impl_->connection.get(), message.get(),
                                                impl_->options.timeout.count());
  if (status != NATS_OK) return tl::unexpected(error_of(status, subject));
  const NatsMsgHandle reply(raw);
  return receive(raw);
}

Result<std::string> Broker::api(const std::string& subject, std::string_view json) const {
  auto reply = request(subject, json);
  if (!reply) return tl::unexpected(reply.error());
  const auto parsed = read_api_reply(reply->payload);
  if (parsed.error) {
    return fail(Error::Kind::refused,
                parsed.error->description + " (" + std::to_string(parsed.error->err_code) + ")");
  }
  return std::move(reply->payload);
}

void Broker::publish(const std::string& subject, std::string_view payload, const Headers& headers,
                     const std::string& reply_to) const {
  const auto message = make_message(subject, reply_to, payload, headers);
  natsConnection_PublishMsg(impl_->connection.get(), message.get());
}

bool Broker::flush() const {
  return natsConnection_FlushTimeout(impl_->connection.get(), 2000) == NATS_OK;
}

std::unique_ptr<Subscription> Broker::subscribe(const std::string& subject) const {
  natsSubscription* raw = nullptr;
  if (natsConnection_SubscribeSync(&raw, impl_->connection.get(), subject.c_str()) != NATS_OK) {
    return nullptr;
  }
  natsSubscription_SetPendingLimits(raw, -1, -1);
  return std::make_unique<SyncSubscription>(NatsSubscriptionHandle(raw), impl_->retired);
}

std::string Broker::new_inbox() const {
  natsInbox* raw = nullptr;
  if (natsInbox_Create(&raw) != NATS_OK) throw std::bad_alloc();
  const NatsInboxHandle inbox(raw);
  return raw;
}

bool Broker::connected() const {
  return natsConnection_Status(impl_->connection.get()) == NATS_CONN_STATUS_CONNECTED;
}
std::uint64_t Broker::reconnects() const { return impl_->reconnects.load(); }
std::uint64_t Broker::permission_errors() const { return impl_->permission_errors.load(); }
std::string Broker::server_version() const { return impl_->version; }

}  // namespace vsim::eventstore
