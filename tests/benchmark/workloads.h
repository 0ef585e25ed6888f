#pragma once

// What the clients of a measurement do with vsim's HTTP API.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/benchmark/load.h"

namespace vsim::bench {

/// Whether a write waits until its outcome can be read, or only until it is accepted.
enum class Wait { outcome, accepted };

/// What accepted writes left to look after: the last operation of each client.
struct Accepted {
  std::vector<std::string> last_operation;  // by client; paths such as /operations/ID
  std::size_t count = 0;
};

class Creates : public Workload {
 public:
  struct Options {
    Wait wait = Wait::outcome;
    std::string profile;  // empty: the product's default
    std::string query;    // such as "?until=settled"
    std::size_t count_max = SIZE_MAX;
    std::string expected = "201";  // 202 too is fine where the answer may come late
  };
  explicit Creates(Options options) : options_(std::move(options)) {}

  bool next(std::size_t client, std::string& bytes) override;
  std::string_view answered(std::size_t client, const Answer& answer, std::string& error) override;

  const std::vector<std::string>& server_ids() const { return server_ids_; }
  const Accepted& accepted() const { return accepted_; }

 private:
  Options options_;
  std::size_t started_ = 0;
  std::vector<std::string> server_ids_;  // of those that answered with the server
  Accepted accepted_;
};

/// Every client stops and starts servers of its own in turn, waiting for each outcome. The servers
/// must be RUNNING and of a profile without delays.
class StopsAndStarts : public Workload {
 public:
  StopsAndStarts(std::vector<std::string> server_ids, std::size_t clients);
  bool next(std::size_t client, std::string& bytes) override;
  std::string_view answered(std::size_t client, const Answer& answer, std::string& error) override;

 private:
  std::vector<std::string> server_ids_;
  std::vector<bool> stopped_;  // by client
};

/// Every client has a server of a warm pool and gives it back, in turn, waiting for each outcome.
class AcquiresAndReleases : public Workload {
 public:
  AcquiresAndReleases(std::string pool, std::size_t clients)
      : path_("/warm-pools/" + std::move(pool) + "/acquire"), had_(clients) {}
  bool next(std::size_t client, std::string& bytes) override;
  std::string_view answered(std::size_t client, const Answer& answer, std::string& error) override;

 private:
  std::string path_;
  std::vector<std::string> had_;  // by client; empty: none
};

/// One action for each server, once, accepted only. Takes the servers from the end of the list, so
/// that what is left there has not been acted on, however far the clients get.
class ActionForEach : public Workload {
 public:
  /// The list outlives it.
  ActionForEach(std::string action, std::vector<std::string>& server_ids, std::size_t count_max)
      : action_(std::move(action)), server_ids_(server_ids), left_(count_max) {}
  bool next(std::size_t client, std::string& bytes) override;
  std::string_view answered(std::size_t client, const Answer& answer, std::string& error) override;
  const Accepted& accepted() const { return accepted_; }

 private:
  std::string action_;
  std::vector<std::string>& server_ids_;
  std::size_t left_;
  Accepted accepted_;
};

/// GETs of a path; "{id}" in it stands for a server's id, another one each time.
class Reads : public Workload {
 public:
  Reads(std::string name, std::string path, const std::vector<std::string>& server_ids)
      : name_(std::move(name)), path_(std::move(path)), server_ids_(server_ids) {}
  bool next(std::size_t client, std::string& bytes) override;
  std::string_view answered(std::size_t client, const Answer& answer, std::string& error) override;

 private:
  std::string name_;
  std::string path_;
  const std::vector<std::string>& server_ids_;
  std::minstd_rand chance_{4711};
};

}  // namespace vsim::bench
