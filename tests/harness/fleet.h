#pragma once

// A whole private vsim for one test: a broker, a Postgres, migrated tables, APIs and workers from
// the build this test belongs to. Each part has its own port and the permissions that it has as
// shipped. When the test fails, the logs are kept and their ends printed.
// Threads: one; clients of it may be used by others.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/harness/certificates.h"
#include "tests/harness/child_process.h"
#include "tests/harness/http_client.h"
#include "tests/harness/private_nats.h"
#include "tests/harness/private_postgres.h"
#include "tests/harness/scratch_dir.h"

namespace harness {

using Settings = std::map<std::string, std::string>;  // environment variables

struct FleetOptions {
  std::size_t apis = 1;
  std::size_t workers = 1;
  Settings settings = {};       // of every part, such as {"TIME_SCALE", "60"}
  std::string schema_dir = {};  // instead of the shipped schema/
  bool tls = false;             // for callers, to NATS and to Postgres, under one authority()
  // Where the servers store; empty: in temporary folders.
  std::string nats_store = {};
  std::string postgres_folder = {};
};

class Fleet {
 public:
  /// Returns when every part is ready. Throws with the reason and the end of the log otherwise.
  explicit Fleet(FleetOptions options = {});
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  HttpClient client(std::size_t api = 0) const;
  std::uint16_t api_port(std::size_t api = 0) const { return apis_.at(api).port; }
  std::uint16_t worker_port(std::size_t worker = 0) const { return workers_.at(worker).port; }

  /// Of a fleet with TLS. The API's certificate is named "api".
  const Authority& authority() const { return *authority_; }
  CertificatePair api_certificate() const { return *api_certificate_; }

  PrivateNats& nats() { return nats_; }
  PrivatePostgres& postgres() { return postgres_; }
  /// As the owner of the tables, or as vsim_api or vsim_operator.
  std::string database_url(const std::string& role = "vsim_worker") const;
  const std::string& database() const { return database_; }
  ChildProcess& api(std::size_t index = 0) { return apis_.at(index).process; }
  ChildProcess& worker(std::size_t index = 0) { return workers_.at(index).process; }
  std::size_t workers() const { return workers_.size(); }

  /// Starts a part that has ended, on the same port, and does not wait until it is ready. The
  /// settings in `more` apply to this start only.
  void start_api(std::size_t index = 0, const Settings& more = {});
  void start_worker(std::size_t index = 0, const Settings& more = {});

  /// Waits until every part that runs answers /readyz with 200.
  void wait_until_ready(std::chrono::milliseconds wait_max = std::chrono::seconds(30));

  /// The environment variables that `.run/env` sets for a user of the broker and its role of
  /// Postgres: admin (the owner of the tables), api, worker or operator.
  Settings environment_of(const std::string& user) const;

  /// Runs a vsimctl command, or a command of the stock nats CLI, against this fleet, as an operator
  /// (`vsimctl migrate` as admin).
  Output vsimctl(const std::vector<std::string>& arguments);
  Output nats_cli(const std::vector<std::string>& arguments, const std::string& input = {});
  Output nats_cli_as(const std::string& user, const std::vector<std::string>& arguments,
                     const std::string& input = {});

  /// Makes a key with vsimctl and returns its text. The first key turns keys on: from then on
  /// requests without one are refused.
  std::string add_key(const std::string& name, const std::string& role,
                      const std::string& account = "default");
  /// KEYS_FILE of every part, as ops/up sets it; the file does not exist before the first key.
  std::string keys_file() const { return scratch_.path() + "/keys.json"; }

  /// The sum over a metric's samples in one worker, or all that run; 0 when there are none.
  double worker_metric(const std::string& name);
  double worker_metric(std::size_t worker, const std::string& name, const std::string& label = "");
  double api_metric(const std::string& name, std::size_t api = 0);

 private:
  struct Part {
    std::string name;
    std::string user;  // of the broker; the role of Postgres goes with it
    std::string program;
    std::string address_setting;
    std::uint16_t port = 0;
    ChildProcess process;
  };
  void add(std::vector<Part>& parts, const std::string& kind, const std::string& address_setting);
  void start(Part& part, const Settings& more = {});
  HttpClient client_of(const Part& part, std::chrono::milliseconds timeout) const;
  bool ready(Part& part);
  void wait_until_part_ready(Part& part, std::chrono::milliseconds wait_max);
  FleetOptions options_;
  ScratchDir scratch_;
  std::unique_ptr<Authority> authority_;  // only with TLS
  std::optional<CertificatePair> api_certificate_;
  PrivateNats nats_;
  PrivatePostgres postgres_;
  std::string database_;
  std::vector<Part> apis_;
  std::vector<Part> workers_;
};

/// The sum over the samples of one metric in a Prometheus text page; with a label, such as
/// `outcome="stale"`, only over those that have it.
double metric_sum(const std::string& page, const std::string& name, const std::string& label = "");

/// A copy of the shipped schema folder in which tests may change files; deleted with the object.
class SchemaCopy {
 public:
  SchemaCopy();
  const std::string& path() const { return path_; }
  /// Replaces the one occurrence of `what` in the file; throws if there is not exactly one.
  void replace(const std::string& file, const std::string& what, const std::string& with) const;
  /// Sets how soon a message that is not acked is delivered again; 30 s as shipped.
  void set_ack_wait(std::chrono::seconds wait) const;

 private:
  ScratchDir scratch_;
  std::string path_;
};

}  // namespace harness
