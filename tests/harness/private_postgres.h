#pragma once

// A Postgres cluster of the test's own: made in a temporary folder, reached through a Unix socket
// there and by nothing else (or, where it has a certificate, by TLS on loopback too), gone with the
// object. As root it runs as the user `postgres`, since
// the server refuses root. Threads: one.

#include <cstdint>
#include <optional>
#include <string>

#include "tests/harness/certificates.h"
#include "tests/harness/child_process.h"
#include "tests/harness/scratch_dir.h"

namespace harness {

class PrivatePostgres {
 public:
  /// Makes and starts a cluster, in about a second. VSIM_PG_BIN names the folder of its programs;
  /// without it the newest /usr/lib/postgresql/*/bin is taken. Throws std::runtime_error.
  explicit PrivatePostgres(const std::optional<CertificatePair>& certificate = std::nullopt);
  ~PrivatePostgres();

  /// The test program's own, for tests that need only a database to themselves.
  static PrivatePostgres& shared();

  /// The URL of the cluster's first database, `postgres`.
  std::string url() const { return url("postgres"); }
  std::string url(const std::string& database) const;

  /// Makes an empty database and gives its URL, of a user who may do everything.
  std::string create_database();

  /// Makes an empty database with the shipped roles and grants, and gives its name.
  std::string create_vsim_database();
  /// As one of the shipped roles: vsim_worker, vsim_api or vsim_operator.
  std::string url(const std::string& database, const std::string& role) const;
  std::uint16_t port() const { return port_; }
  /// By TCP, with what more is to stand in the URL, such as "sslmode=require".
  std::string tls_url(const std::string& database, const std::string& role,
                      const std::string& parameters) const;

  ChildProcess& process() { return process_; }
  const std::string& log_path() const { return log_path_; }

  /// SIGKILL of the server and so, within half a second, of all its sessions. Nothing is fsynced
  /// here, but the kernel keeps what was written.
  void kill();
  /// Stops it at once (SIGQUIT) if it runs, and starts it on the same data; returns when it is
  /// ready.
  void restart();

 private:
  void start();
  void take_certificate(const CertificatePair& certificate);
  void run_shipped_sql(const std::string& file, const std::string& database) const;

  ScratchDir scratch_;
  std::string bin_;
  std::string data_;
  std::string log_path_;
  bool tls_ = false;
  std::uint16_t port_ = 5432;  // names the socket, so it is nobody else's also where it is usual
  ChildProcess process_;
  int databases_ = 0;
};

}  // namespace harness
