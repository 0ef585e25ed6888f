#pragma once

// A private Postgres cluster in a temporary folder, deleted with the object. It listens on a Unix
// socket in that folder and, where it has a certificate, with TLS on loopback. When the test runs
// as root, Postgres runs as the user `postgres`, since it refuses to run as root. Threads: one.

#include <cstdint>
#include <optional>
#include <string>

#include "tests/harness/certificates.h"
#include "tests/harness/child_process.h"
#include "tests/harness/scratch_dir.h"

namespace harness {

struct PostgresOptions {
  std::optional<CertificatePair> certificate = {};  // given: TLS too, on loopback
  std::string folder = {};  // its data is in a folder of this one; empty: a temporary one
};

class PrivatePostgres {
 public:
  /// Makes and starts a cluster, in about a second. VSIM_PG_BIN names the folder of its programs;
  /// without it the newest /usr/lib/postgresql/*/bin is taken. Throws std::runtime_error.
  explicit PrivatePostgres(const PostgresOptions& options = {});
  ~PrivatePostgres();

  /// One cluster for the whole test program, for tests that need only a database of their own.
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
  /// By TCP, with more parameters in the URL, such as "sslmode=require".
  std::string tls_url(const std::string& database, const std::string& role,
                      const std::string& parameters) const;

  ChildProcess& process() { return process_; }
  const std::string& log_path() const { return log_path_; }

  /// Kills the server (SIGKILL) and so, within half a second, all its sessions. Nothing is fsynced,
  /// but the kernel keeps what was written.
  void kill();
  /// Kills the server and each of its processes, and does not touch its files: they may be on a
  /// disk that does not answer.
  void lose_power();
  /// Stops it at once (SIGQUIT) if it runs, and starts it on the same data; returns when it is
  /// ready.
  void restart();
  /// The same with fsync on, or off as it is without this call.
  void restart_with_fsync(bool on);

 private:
  void start();
  void take_certificate(const CertificatePair& certificate);
  void run_shipped_sql(const std::string& file, const std::string& database) const;

  ScratchDir scratch_;
  std::string bin_;
  std::string data_;
  std::string log_path_;
  bool tls_ = false;
  bool fsync_ = false;
  std::uint16_t port_ = 5432;  // part of the socket's name; the folder makes it unique
  ChildProcess process_;
  int databases_ = 0;
};

}  // namespace harness
