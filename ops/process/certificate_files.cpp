#include "ops/process/certificate_files.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "ops/process/descriptor.h"

namespace vsim::process {
namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

std::optional<std::string> unreadable(const std::string& file) {
  if (!Descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC)).is_open()) {
    return "\"" + file + "\" cannot be read: " + std::strerror(errno);
  }
  return std::nullopt;
}

/// OpenSSL's last word, and none of its words left for whoever asks next.
std::string last_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "no reason told";
}

/// A key with a passphrase would else make OpenSSL ask at the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::optional<CertificateMistake> use_certificate(SSL_CTX* context, const CertificateFiles& files) {
  ERR_clear_error();
  if (auto why = unreadable(files.certificate)) {
    return CertificateMistake{false, std::move(*why)};
  }
  if (auto why = unreadable(files.key)) {
    return CertificateMistake{true, std::move(*why)};
  }
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return CertificateMistake{
        false, "\"" + files.certificate + "\" holds no certificate in PEM (" + last_reason() + ")"};
  }
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) == 1) {
    return std::nullopt;
  }
  const bool other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
                     ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH;
  const std::string reason = last_reason();
  const std::string quoted = "\"" + files.key + "\"";
  return CertificateMistake{
      true, other ? quoted + " is not the key of the certificate in \"" + files.certificate +
                        "\"; give the two that were made together"
                  : quoted + " holds no private key in PEM, or one with a passphrase (" + reason +
                        "); give it without one"};
}

std::optional<CertificateMistake> check_certificate(const CertificateFiles& files) {
  const Context context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  return use_certificate(context.get(), files);
}

std::optional<std::string> check_authorities(const std::string& file) {
  ERR_clear_error();
  if (auto why = unreadable(file)) {
    return why;
  }
  const Context context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  if (SSL_CTX_load_verify_locations(context.get(), file.c_str(), nullptr) != 1) {
    return "\"" + file + "\" holds no certificates in PEM (" + last_reason() + ")";
  }
  return std::nullopt;
}

}  // namespace vsim::process
