#pragma once

// The certificate that the API shows to clients that speak TLS, and its key: read from files, and
// again when they have been renewed.

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "api/connections/transport.h"
#include "ops/process/certificate_files.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace vsim::api {

/// Any thread.
class ServerCertificate {
 public:
  /// The error says which file is at fault and what to change.
  static tl::expected<std::unique_ptr<ServerCertificate>, std::string> load(
      const process::CertificateFiles& files);

  /// Reads the files again. Connections that are opened from now on get the new pair; those that
  /// are open keep the old one. When the new pair cannot be used, the old one stays in use and the
  /// reason is given.
  std::optional<std::string> reload();

  /// TLS 1.2 or newer over the socket. May outlive this object.
  std::unique_ptr<Transport> make_transport(int socket) const;

  /// The certificate's subject and the end of its validity, such as "CN=vsim" and "Nov 21 12:00:00
  /// 2027 GMT".
  std::string subject() const;
  std::string valid_until() const;

 private:
  using Context = std::shared_ptr<ssl_ctx_st>;
  ServerCertificate(process::CertificateFiles files, Context context);
  static tl::expected<Context, std::string> make_context(const process::CertificateFiles& files);
  Context current() const;

  const process::CertificateFiles files_;
  mutable std::mutex mutex_;
  Context context_;  // guarded by mutex_
};

}  // namespace vsim::api
