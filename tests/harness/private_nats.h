#pragma once

// A private nats-server for one test, with the shipped configuration and users, its own port and
// store, on loopback. Before a test uses the port, it is checked that this very server answers on
// it. Threads: one.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/harness/certificates.h"
#include "tests/harness/child_process.h"
#include "tests/harness/scratch_dir.h"

namespace harness {

/// How the broker syncs, as `ops/up --durability` has it: before each acknowledgement, or once a
/// second.
enum class Durability : std::uint8_t { power, process };

/// VSIM_TEST_DURABILITY: "process", or "power" if it is not set. Throws for another value.
Durability test_durability();

struct NatsOptions {
  Durability durability = test_durability();
  bool users = true;  // as shipped; false: whoever connects may do everything
  std::optional<CertificatePair> certificate = {};  // given: TLS, and nothing else
  std::string client_authorities = {};  // a file; given: clients must show a certificate of theirs
  std::string store_dir = {};           // empty: in a temporary folder
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

  /// The lines of the broker's log in which it denies vsim-api or vsim-worker a permission, without
  /// those that hold a text which restart_configured() has put in.
  std::string refused_to_parts() const;

  /// SIGKILL, as a crash would.
  void kill() { process_.kill(); }
  /// Stops it if it runs, and starts it on the same store and port; returns when it is ready.
  void restart();
  /// Kills it and restarts it without the messages of a stream; the stream and its consumers stay.
  void restart_without_messages_of(const std::string& stream);
  /// Restarts it with `what` in the shipped configuration replaced by `with`, for this and all
  /// later starts. Throws when `what` does not occur in it.
  void restart_configured(const std::string& what, const std::string& with);
  /// Restarts it on the same store with another durability.
  void restart_with(Durability durability);
  /// Stops it, copies its store as a backup, and starts it again.
  void keep_store();
  /// Kills it and starts it on the copy that keep_store() has made: an older state.
  void restart_on_kept_store();
  /// Restarts it with an empty store.
  void restart_empty();
  /// Stops it, lets `damage` change the files in the folder of EVENTS' blocks, and starts it again.
  void restart_after(const std::function<void(const std::string& folder)>& damage);
  /// Restarts it with one bit flipped where `text` first occurs in the files of EVENTS, as a bad
  /// disk does. Throws when it does not occur.
  void restart_damaged(const std::string& text);

 private:
  bool start();  // false: somebody else has the port
  bool ready() const;

  ScratchDir scratch_;
  NatsOptions options_;
  std::string store_;
  std::string name_;
  std::string log_path_;
  std::vector<std::pair<std::string, std::string>> altered_;  // of the shipped configuration
  std::uint16_t port_ = 0;
  std::uint16_t monitor_port_ = 0;
  ChildProcess process_;
};

/// The first line that a nats-server sends to a new connection; empty when none listens there.
std::string nats_greeting(std::uint16_t port);

}  // namespace harness
