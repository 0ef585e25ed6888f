#include "tests/harness/tls_stream.h"

#include <array>
#include <csignal>
#include <stdexcept>

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace harness {
namespace {

[[noreturn]] void fail(const std::string& doing) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  throw std::runtime_error(doing + ": " + (reason != nullptr ? reason : "the connection ended"));
}

int version_number(const std::string& version) {
  return version == "1.1" ? TLS1_1_VERSION : version == "1.2" ? TLS1_2_VERSION : 0;
}

}  // namespace

struct TlsStream::Impl {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()),
                                                            SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl{nullptr, SSL_free};
  int socket = -1;
};

TlsStream::TlsStream(int socket, const TlsOptions& options) : impl_(std::make_unique<Impl>()) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets as to files
  SSL_CTX* context = impl_->context.get();
  if (SSL_CTX_load_verify_locations(context, options.authorities.c_str(), nullptr) != 1) {
    fail("reading " + options.authorities);
  }
  if (!options.version_max.empty()) {
    // As old a client would: Debian's own rules would keep it from even asking.
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, version_number(options.version_max));
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  impl_->socket = socket;
  impl_->ssl.reset(SSL_new(context));
  SSL_set1_host(impl_->ssl.get(), options.host.c_str());
  SSL_set_fd(impl_->ssl.get(), socket);
  ERR_clear_error();
  if (SSL_connect(impl_->ssl.get()) != 1) {
    fail("TLS handshake");
  }
}

TlsStream::~TlsStream() = default;

void TlsStream::send(std::string_view bytes) {
  ERR_clear_error();
  if (!bytes.empty() &&
      SSL_write(impl_->ssl.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) {
    fail("TLS send");
  }
}

std::size_t TlsStream::receive(char* into, std::size_t size) {
  std::size_t count = 0;
  ERR_clear_error();
  const int result = SSL_read_ex(impl_->ssl.get(), into, size, &count);
  if (result != 1 && SSL_get_error(impl_->ssl.get(), result) != SSL_ERROR_ZERO_RETURN) {
    fail("TLS receive");
  }
  return count;
}

bool TlsStream::ended() {
  const int flags = ::fcntl(impl_->socket, F_GETFL);
  ::fcntl(impl_->socket, F_SETFL, flags | O_NONBLOCK);
  char byte = 0;
  ERR_clear_error();
  const int result = SSL_peek(impl_->ssl.get(), &byte, 1);
  const bool open = result > 0 || SSL_get_error(impl_->ssl.get(), result) == SSL_ERROR_WANT_READ;
  ::fcntl(impl_->socket, F_SETFL, flags);
  return !open;
}

std::string TlsStream::server_name() const {
  const X509* certificate = SSL_get0_peer_certificate(impl_->ssl.get());
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return name.data();
}

std::string TlsStream::version() const { return SSL_get_version(impl_->ssl.get()); }

}  // namespace harness
