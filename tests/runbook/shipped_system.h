#pragma once

// A vsim as operators have it: started by ops/up in its own checkout (a folder with copies of the
// real one's ops/ and schema/, and its own .run/), and used through a shell in that folder.
// Whatever the test's result, all that was started is stopped. Threads: one.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tests/harness/certificates.h"
#include "tests/harness/child_process.h"
#include "tests/harness/http_client.h"
#include "tests/harness/scratch_dir.h"
#include "tests/harness/standing_headers.h"

namespace runbook {

struct SystemOptions {
  std::size_t workers = 1;
  std::map<std::string, std::string> settings = {};  // IDLE_TIMEOUT and the like, for ops/up
  /// The API speaks TLS and asks for keys; all clients of this process have one, an operator's.
  bool locked = false;
  std::string folder = {};  // the checkout's name below the test's own folder; empty: that itself
};

class ShippedSystem {
 public:
  /// Returns when all are ready; throws std::runtime_error with what ops/up said when they are not.
  explicit ShippedSystem(SystemOptions options = {});
  ~ShippedSystem();
  ShippedSystem(const ShippedSystem&) = delete;
  ShippedSystem& operator=(const ShippedSystem&) = delete;

  /// Runs a bash script in the checkout, with nothing in its environment but where vsim is.
  harness::Output run(const std::string& script) const;
  /// The same after `. .run/env`, as operators do; gives what it printed, without the last end of
  /// line. Throws std::runtime_error when it fails.
  std::string shell(const std::string& script) const;
  /// As `shell`, with `.run/admin.env`.
  std::string admin_shell(const std::string& script) const;

  harness::HttpClient api() const;
  /// The sum of a metric's samples that have the label, at worker 1. NaN, with which every
  /// comparison is false, when the worker does not answer or has no such metric.
  double metric(const std::string& name, const std::string& label = "") const;
  /// The same at the API.
  double api_metric(const std::string& name, const std::string& label = "") const;
  /// Whether `/readyz` answers 200. `name` is `api` or `worker-N`.
  bool ready(const std::string& name) const;
  /// The body of `/readyz`, whatever its status; empty when there is no answer.
  std::string readiness(const std::string& name) const;

  /// SIGKILL for `api`, `worker-N`, `nats` or `postgres`, as a crash would; waits until it is gone.
  void kill(const std::string& name) const;
  bool running(const std::string& name) const;

  std::string checkout() const { return checkout_; }
  /// The folder of vsim's programs; copies of this build's.
  std::string programs() const { return checkout_ + "/programs"; }
  /// Where `api` or `worker-N` listens, as ops/up has it.
  std::string address(const std::string& name) const;
  std::uint16_t port(const std::string& name) const;

 private:
  void make_certificate();
  void lock();
  harness::HttpClient client(const std::string& name, std::chrono::milliseconds timeout) const;
  double metric_at(const std::string& name, const std::string& metric,
                   const std::string& label) const;
  void watch_over() const;
  void show_logs() const;

  harness::ScratchDir scratch_;
  SystemOptions options_;
  std::string checkout_;
  std::optional<harness::Authority> authority_;  // of the API's certificate
  std::optional<harness::StandingHeaders> key_;
};

}  // namespace runbook
