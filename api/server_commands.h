#pragma once

// The writes: the form of each is checked here, it becomes a command, and is answered with its
// outcome. A worker decides whether it may happen.

#include <optional>

#include "api/write_answers.h"
#include "domain/catalogue.h"
#include "schema/read_model/regions.h"

namespace vsim::api {

/// Any thread.
class ServerCommands {
 public:
  /// All outlive it. `stopping` ends the wait for a settled state.
  ServerCommands(const Catalogue& catalogue, CommandGateway& gateway, LogSide& log_side,
                 ReadSide& read_side, std::function<bool()> stopping)
      : catalogue_(catalogue),
        gateway_(gateway),
        log_side_(log_side),
        read_side_(read_side),
        stopping_(std::move(stopping)) {}

  Answer create(const Call& call);        // POST /servers
  Answer act(const Call& call);           // POST /servers/{id}/action
  Answer terminate(const Call& call);     // DELETE /servers/{id}
  Answer extend_lease(const Call& call);  // POST /servers/{id}/lease
  Answer release(const Call& call);       // POST /servers/{id}/release
  Answer extend_pool(const Call& call);   // POST /regions/{region}/addresses

  /// The answer with the server, to a command for one that has been carried out or is under way;
  /// else why it was not.
  Answer answer(const Write& write, const WriteResult& result, int success_status);

 private:
  Answer act_on(const Call& call, const Action& action, std::string_view path_end);
  Reply<read_model::ServerRow> locate(const ServerId& id, const Scope& scope);

  Answer submit(const Call& call, const Write& write, int success_status);
  Answer show_pool(const Write& write, const WriteResult& result, int success_status);
  Answer show_server_as_asked(const Write& write, const WriteResult& result, int success_status);
  Answer show_server(const Write& write, const WriteResult& result, int success_status);
  Answer show_settled(const Write& write, const WriteResult& result, int success_status);
  Answer show(const Write& write, const WriteResult& result, read_model::ServerRow server,
              std::optional<Instant> as_of, int success_status);
  bool is_superseded(const WriteResult& result);
  WriteResult what_ends(const WriteResult& result);
  bool add_watermark(read_model::ServerRow& server, std::optional<Instant> as_of);
  Reply<read_model::RegionRow> region_row(const Region& region);

  const Catalogue& catalogue_;
  CommandGateway& gateway_;
  LogSide& log_side_;
  ReadSide& read_side_;
  std::function<bool()> stopping_;
};

}  // namespace vsim::api
