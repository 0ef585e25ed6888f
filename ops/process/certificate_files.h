#pragma once

// The files that TLS needs, in PEM. Read here alone, so that the settings' check and the later use
// agree. A sentence about a mistake says what to change. D33

#include <optional>
#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace vsim::process {

/// A certificate (with those of its issuers behind it, if any) and its private key.
struct CertificateFiles {
  std::string certificate;
  std::string key;
  bool given() const { return !certificate.empty(); }
};

/// What is wrong, and with which of the two files.
struct CertificateMistake {
  bool in_key = false;
  std::string why;
};

/// Puts the pair into the context. The context is of no use after a mistake.
std::optional<CertificateMistake> use_certificate(ssl_ctx_st* context,
                                                  const CertificateFiles& files);

/// The mistake that use_certificate() would find, if any.
std::optional<CertificateMistake> check_certificate(const CertificateFiles& files);

/// Why the file does not hold certificates of authorities; nothing when it does.
std::optional<std::string> check_authorities(const std::string& file);

}  // namespace vsim::process
