#include "eventstore/broker.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <vector>

#include <nats/nats.h>
#include <openssl/ssl.h>

#include "eventstore/nats_handle.h"
#include "eventstore/nats_message.h"
#include "eventstore/server_info.h"

namespace vsim::eventstore {

namespace {

// nats.c 3.4 frees OpenSSL's list of compression methods when it closes, and OpenSSL frees it again
// at the exit, which may crash. TLS has no use for compression, so the list is taken away first.
void keep_from_freeing_twice() {
  SSL_COMP_get_compression_methods();  // makes the list, which else would be made later
  sk_SSL_COMP_free(SSL_COMP_set0_compression_methods(nullptr));
}

}  // namespace

BrokerLibrary::BrokerLibrary() {
  keep_from_freeing_twice();
  if (nats_Open(0) != NATS_OK) {
    std::fputs("cannot open the NATS client library\n", stderr);
    std::abort();
  }
}
BrokerLibrary::~BrokerLibrary() { nats_CloseAndWait(2000); }

std::string new_token() {
  natsInbox* raw = nullptr;
  if (natsInbox_Create(&raw) != NATS_OK) {
    throw std::bad_alloc();
  }
  const NatsInboxHandle inbox(raw);
  return std::string(raw).substr(std::string_view("_INBOX.").size());
}

// nats.c 3.4 may crash on a message for a subscription that was destroyed while connected, so those
// that are no longer wanted only end, and are destroyed behind the connection.
struct RetiredSubscriptions {
  std::mutex mutex;
  std::vector<NatsSubscriptionHandle> handles;
};

// The subjects that the broker has forbidden last: how a request that ran into it is recognised,
// since it only ends by its time.
class ForbiddenSubjects {
 public:
  void add(std::string_view complaint) {
    const std::lock_guard lock(mutex_);
    if (recent_.size() >= kept_max) {
      recent_.pop_front();
    }
    recent_.emplace_back(complaint);
  }

  bool name(const std::string& subject) const {
    const std::lock_guard lock(mutex_);
    const auto quoted = '"' + subject + '"';
    return std::any_of(recent_.begin(), recent_.end(), [&](const std::string& complaint) {
      return complaint.find(quoted) != std::string::npos;
    });
  }

 private:
  static constexpr std::size_t kept_max = 64;
  mutable std::mutex mutex_;
  std::deque<std::string> recent_;
};

struct Broker::Impl {
  BrokerOptions options;
  std::string version;
  std::string inbox_prefix;  // without the dot at its end
  ForbiddenSubjects forbidden;
  std::atomic<std::uint64_t> reconnects{0};
  std::atomic<std::uint64_t> permission_errors{0};
  std::shared_ptr<RetiredSubscriptions> retired = std::make_shared<RetiredSubscriptions>();
  NatsConnectionHandle connection;  // destroyed first: its callbacks use what stands above
};

namespace {

void on_reconnect(natsConnection*, void* closure) {
  static_cast<Broker::Impl*>(closure)->reconnects.fetch_add(1);
}

void on_error(natsConnection* connection, natsSubscription*, natsStatus status, void* closure) {
  if (status != NATS_NOT_PERMITTED) {
    return;
  }
  auto* impl = static_cast<Broker::Impl*>(closure);
  impl->permission_errors.fetch_add(1);
  const char* complaint = nullptr;
  natsConnection_GetLastError(connection, &complaint);
  if (complaint != nullptr) {
    impl->forbidden.add(complaint);
  }
}

constexpr std::int64_t drain_milliseconds_max = 5000;

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
    if (status == NATS_TIMEOUT) {
      return std::optional<Received>();
    }
    if (status != NATS_OK) {
      return tl::unexpected(error_of(status, "waiting for messages"));
    }
    const NatsMsgHandle message(raw);
    return std::optional<Received>(receive(raw));
  }

  std::size_t pending() const override {
    int messages = 0;
    int bytes = 0;
    natsSubscription_GetPending(handle_.get(), &messages, &bytes);
    return static_cast<std::size_t>(messages);
  }

  /// Draining, unlike a limit on messages, keeps those that are on their way.
  void end() override { natsSubscription_DrainTimeout(handle_.get(), drain_milliseconds_max); }

 private:
  NatsSubscriptionHandle handle_;
  std::shared_ptr<RetiredSubscriptions> retired_;
};

bool wants_tls(const BrokerOptions& options) {
  return options.url.starts_with("tls://") || !options.tls.authorities.empty() ||
         !options.tls.certificate.empty();
}

natsStatus configure_tls(natsOptions* options, const BrokerOptions& wanted) {
  if (!wants_tls(wanted)) {
    return NATS_OK;
  }
  const BrokerTls& tls = wanted.tls;
  auto status = natsOptions_SetSecure(options, true);
  if (status == NATS_OK && !tls.authorities.empty()) {
    status = natsOptions_LoadCATrustedCertificates(options, tls.authorities.c_str());
  }
  if (status == NATS_OK && !tls.certificate.empty()) {
    status = natsOptions_LoadCertificatesChain(options, tls.certificate.c_str(), tls.key.c_str());
  }
  return status;
}

natsStatus configure(natsOptions* options, const BrokerOptions& wanted, Broker::Impl* impl) {
  auto status = natsOptions_SetURL(options, wanted.url.c_str());
  const auto then = [&status](natsStatus next) {
    if (status == NATS_OK) {
      status = next;
    }
  };
  then(natsOptions_SetName(options, wanted.name.c_str()));
  then(natsOptions_SetCustomInboxPrefix(options, impl->inbox_prefix.c_str()));
  then(natsOptions_SetTimeout(options, connect_max.count()));
  then(natsOptions_SetWriteDeadline(options, send_max.count()));
  then(natsOptions_SetMaxReconnect(options, -1));
  then(natsOptions_SetReconnectWait(options, 200));
  then(natsOptions_SetReconnectJitter(options, 50, 50));
  then(natsOptions_SetReconnectBufSize(options, 0));
  then(natsOptions_SetFailRequestsOnDisconnect(options, true));
  then(natsOptions_SetPingInterval(options, ping_interval.count()));
  then(natsOptions_SetMaxPingsOut(options, pings_unanswered_max));
  then(natsOptions_SetIOBufSize(options, 256 * 1024));
  then(natsOptions_SetSendAsap(options, wanted.send_at_once));
  then(natsOptions_SetReconnectedCB(options, on_reconnect, impl));
  then(natsOptions_SetErrorHandler(options, on_error, impl));
  then(configure_tls(options, wanted));
  return status;
}

// Why the connection failed. A broker that cannot prove who it is will not be able to later.
Error connection_error(natsStatus status, const std::string& host) {
  Error error = error_of(status, "connecting to " + host);
  natsStatus last = NATS_OK;
  const char* text = nats_GetLastError(&last);
  if (status != NATS_SSL_ERROR || last != status || text == nullptr) {
    return error;
  }
  const std::string reason(text);
  error.detail += ": " + reason;
  if (reason.find(":cert=") != std::string::npos) {  // that was looked at, and is not right
    error.kind = Error::Kind::refused;
    error.detail += "; the broker's certificate must name " + host +
                    " and be signed by an authority in NATS_CA_FILE (without it: the system's)";
  }
  return error;
}

// "nats://user:password@host:port" gives "_INBOX_user", a URL without a user "_INBOX".
std::string inbox_prefix_of(const std::string& url) {
  const auto scheme = url.find("://");
  const auto from = scheme == std::string::npos ? 0 : scheme + 3;
  const auto authority = url.substr(from, url.find_first_of(",/", from) - from);
  const auto at = authority.rfind('@');
  const auto user = authority.substr(0, std::min(authority.find(':'), at));
  const bool fit =
      at != std::string::npos && !user.empty() && user.find_first_of(".*> \t") == std::string::npos;
  return fit ? "_INBOX_" + user : "_INBOX";
}

// "nats://user:password@host:port" as host and port.
std::pair<std::string, std::string> host_and_port(std::string url) {
  url = url.substr(0, url.find(','));
  if (const auto scheme = url.find("://"); scheme != std::string::npos) {
    url.erase(0, scheme + 3);
  }
  if (const auto user = url.rfind('@'); user != std::string::npos) {
    url.erase(0, user + 1);
  }
  url = url.substr(0, url.find('/'));
  const auto colon = url.rfind(':');
  if (colon == std::string::npos || url.back() == ']') {
    return {url, "4222"};
  }
  return {url.substr(0, colon), url.substr(colon + 1)};
}

// Why there is no use in connecting to such a broker.
std::optional<std::string> unfit(const ServerInfo& info, const BrokerOptions& options) {
  if (!version_at_least(info.version, 2, 15)) {
    return "nats-server " + info.version +
           " is too old: vsim needs 2.15 or newer, whose atomic batches survive a power cut";
  }
  if (wants_tls(options) && !info.offers_tls) {
    return "the broker offers no TLS; give it a certificate, or NATS_URL with nats:// and none of "
           "NATS_CA_FILE and NATS_CERT_FILE";
  }
  if (info.asks_for_certificate && options.tls.certificate.empty()) {
    return "the broker asks for a certificate of ours; give NATS_CERT_FILE and NATS_KEY_FILE";
  }
  return std::nullopt;
}

}  // namespace

Broker::Broker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Broker::~Broker() = default;

Result<std::unique_ptr<Broker>> Broker::connect(const BrokerOptions& options) {
  const auto [host, port] = host_and_port(options.url);
  const auto info = read_server_info(host, port);
  if (!info) {
    return tl::unexpected(info.error());
  }
  if (const auto why = unfit(*info, options)) {
    return fail(Error::Kind::refused, host + ":" + port + ": " + *why);
  }
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->version = info->version;
  impl->inbox_prefix = inbox_prefix_of(options.url);
  natsOptions* raw_options = nullptr;
  auto status = natsOptions_Create(&raw_options);
  const NatsOptionsHandle owned_options(raw_options);
  if (status == NATS_OK) {
    status = configure(raw_options, options, impl.get());
  }
  natsConnection* raw = nullptr;
  if (status == NATS_OK) {
    status = natsConnection_Connect(&raw, raw_options);
  }
  if (status != NATS_OK) {
    return tl::unexpected(connection_error(status, host));
  }
  impl->connection.reset(raw);
  return std::unique_ptr<Broker>(new Broker(std::move(impl)));
}

Result<Received> Broker::request(const std::string& subject, std::string_view payload,
                                 const Headers& headers) const {
  const auto message = make_message(subject, {}, payload, headers);
  natsMsg* raw = nullptr;
  const auto status = natsConnection_RequestMsg(&raw, impl_->connection.get(), message.get(),
                                                impl_->options.timeout.count());
  if (status == NATS_TIMEOUT && impl_->forbidden.name(subject)) {
    return fail(Error::Kind::refused,
                subject + ": not permitted to this user of the broker; see ops/servers/README.md");
  }
  if (status != NATS_OK) {
    return tl::unexpected(error_of(status, subject));
  }
  const NatsMsgHandle reply(raw);
  return receive(raw);
}

void Broker::publish(const std::string& subject, std::string_view payload, const Headers& headers,
                     const std::string& reply_to) const {
  const auto message = make_message(subject, reply_to, payload, headers);
  natsConnection_PublishMsg(impl_->connection.get(), message.get());
}

bool Broker::flush() const {
  return natsConnection_FlushTimeout(impl_->connection.get(), flush_max.count()) == NATS_OK;
}

std::unique_ptr<Subscription> Broker::subscribe(const std::string& subject) const {
  natsSubscription* raw = nullptr;
  if (natsConnection_SubscribeSync(&raw, impl_->connection.get(), subject.c_str()) != NATS_OK) {
    return nullptr;
  }
  natsSubscription_SetPendingLimits(raw, -1, -1);
  return std::make_unique<SyncSubscription>(NatsSubscriptionHandle(raw), impl_->retired);
}

std::string Broker::new_inbox() const { return impl_->inbox_prefix + "." + new_token(); }

void Broker::give_up() { natsConnection_Close(impl_->connection.get()); }

bool Broker::connected() const {
  return natsConnection_Status(impl_->connection.get()) == NATS_CONN_STATUS_CONNECTED;
}
std::uint64_t Broker::reconnects() const { return impl_->reconnects.load(); }
std::uint64_t Broker::permission_errors() const { return impl_->permission_errors.load(); }
std::string Broker::server_version() const { return impl_->version; }

}  // namespace vsim::eventstore
