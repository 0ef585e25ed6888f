#pragma once

// What the operations read of vsim. Who has the read models implements it; a test does without. D79

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/ec2/networks.h"
#include "domain/status.h"
#include "schema/read_model/servers.h"

namespace vsim::ec2 {

/// Which servers are asked for. What is empty asks for all.
struct InstanceQuery {
  std::string region;
  std::optional<std::string> account = {};       // of this one alone; none: of all
  std::vector<std::string> digits = {};          // that instance ids may end in
  std::vector<Status> statuses = {};             // one of these
  std::vector<std::string> types = {};           // one of these
  std::map<std::string, std::string> tags = {};  // all of these
  /// Of terminated ones only those that were at this time or later.
  Instant terminated_since = {};
  /// Behind this one in the order oldest first, ties by id.
  std::optional<read_model::ServerPosition> after = {};
  std::size_t limit = 1000;
};

/// Any thread.
class Fleet {
 public:
  virtual ~Fleet() = default;

  /// Oldest first, no more than `limit`. May leave no server out that fits; one that does not fit
  /// tags or types may be among them.
  virtual Reply<std::vector<read_model::ServerRow>> servers(const InstanceQuery& query) = 0;

  virtual Reply<Pool> pool(const std::string& region) = 0;

  /// Simulated time.
  virtual Instant now() = 0;
};

}  // namespace vsim::ec2
