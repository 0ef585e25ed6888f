#pragma once

// The files that TLS needs, in PEM: read here alone, so that what the settings' check has let
// through is what is used later. Sentences on what is wrong say what to change.

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

/// Whether use_certificate() would have something to say.
std::optional<CertificateMistake> check_certificate(const CertificateFiles& files);

/// Whether the file holds certificates of authorities; else why not.
std::optional<std::string> check_authorities(const std::string& file);

}  // namespace vsim::process
