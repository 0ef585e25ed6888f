#include "api/connections/server_certificate.h"

#include <openssl/ssl.h>

#include "api/connections/tls_transport.h"

namespace vsim::api {
namespace {

/// What BIO-writing functions of OpenSSL write, as a text.
template <typename Write>
std::string text_of(Write&& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  write(bio.get());
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

}  // namespace

ServerCertificate::ServerCertificate(process::CertificateFiles files, Context context)
    : files_(std::move(files)), context_(std::move(context)) {}

tl::expected<std::unique_ptr<ServerCertificate>, std::string> ServerCertificate::load(
    const process::CertificateFiles& files) {
  auto context = make_context(files);
  if (!context) {
    return tl::unexpected(std::move(context.error()));
  }
  return std::unique_ptr<ServerCertificate>(new ServerCertificate(files, std::move(*context)));
}

tl::expected<ServerCertificate::Context, std::string> ServerCertificate::make_context(
    const process::CertificateFiles& files) {
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) {
    return tl::unexpected<std::string>("OpenSSL gives no context for TLS");
  }
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // Of TLS 1.2 only what keeps a recorded conversation secret when the key gets out later.
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets: nothing kept here
  // Buffers only while there is something in them; one receive for as much as has come.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  if (const auto mistake = process::use_certificate(context.get(), files)) {
    return tl::unexpected((mistake->in_key ? "TLS_KEY_FILE: " : "TLS_CERT_FILE: ") + mistake->why);
  }
  return context;
}

std::optional<std::string> ServerCertificate::reload() {
  auto context = make_context(files_);
  if (!context) {
    return std::move(context.error());
  }
  const std::lock_guard lock(mutex_);
  context_ = std::move(*context);
  return std::nullopt;
}

ServerCertificate::Context ServerCertificate::current() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

std::unique_ptr<Transport> ServerCertificate::make_transport(int socket) const {
  return make_tls_transport(socket, current().get());
}

std::string ServerCertificate::subject() const {
  const Context context = current();
  const X509* certificate = SSL_CTX_get0_certificate(context.get());
  return text_of([&](BIO* bio) {
    X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  });
}

std::string ServerCertificate::valid_until() const {
  const Context context = current();
  const X509* certificate = SSL_CTX_get0_certificate(context.get());
  return text_of([&](BIO* bio) { ASN1_TIME_print(bio, X509_get0_notAfter(certificate)); });
}

}  // namespace vsim::api
