#pragma once

// A nats-server of the test's own, with the shipped configuration and its users: own port, own
// store, loopback.
// Every answer of the port is checked to come from this very server before a test uses it.
// Threads: one.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/harness/certificates.h"
#include "tests/harness/child_process.h"
#include "tests/harness/scratch_dir.h"

namespace harness {

struct NatsOptions {
  bool sync_always = true;  // fsync before each acknowledgement, as shipped
  bool users = true;        // as shipped; false: whoever connects may do everything
  std::optional<CertificatePair> certificate = {};  // given: TLS, and nothing else
  std::string client_authorities = {};  // a file; given: clients must show a certificate of theirs
};

class PrivateNats {
 public:
  explicit PrivateNats(const NatsOptions& options = {});
  ~PrivateNats();

  /// As a user of the shipped configuration: admin, api, worker, operator or sys.
  std::string url(const std::string& user = "admin") const;
  std::uint16_t port() const { return port_; }
  std::uint16_t monitor_port() const { return monitor_port_; }
  ChildProcess& process() { return process_; }
  const std::string& log_path() const { return log_path_; }

  /// What the broker has refused vsim-api and vsim-worker for want of a permission, line by line as
  /// it logged it; but for lines that hold what restart_configured() has replaced.
  std::string refused_to_parts() const;

  /// SIGKILL, as a crash would.
  void kill() { process_.kill(); }
  /// Stops it if it runs, and starts it on the same store and port; returns when it is ready.
  void restart();
  /// Killed, and without what it stored in a stream: the stream and its consumers are there still.
  void restart_without_messages_of(const std::string& stream);
  /// Stopped, and started with `with` wherever its shipped configuration says `what`, from then
  /// on. Throws when that stands nowhere.
  void restart_configured(const std::string& what, const std::string& with);
  /// Stopped, copied as a backup, and started again.
  void keep_store();
  /// Killed, and started on the store as it was kept: it has gone back to an older one.
  void restart_on_kept_store();
  /// With everything it stored thrown away.
  void restart_empty();
  /// With one bit changed where `text` first stands in what EVENTS has on its disk, as a bad disk
  /// does. Throws when it stands nowhere.
  void restart_damaged(const std::string& text);

 private:
  bool start();  // false: somebody else has the port
  bool ready() const;

  ScratchDir scratch_;
  NatsOptions options_;
  std::string name_;
  std::string log_path_;
  std::vector<std::pair<std::string, std::string>> altered_;  // of the shipped configuration
  std::uint16_t port_ = 0;
  std::uint16_t monitor_port_ = 0;
  ChildProcess process_;
};

/// The line that a nats-server greets with; empty when none listens there.
std::string nats_greeting(std::uint16_t port);

}  // namespace harness
