#pragma once

// The inside of this folder: reads that share round trips. While one group of them is on its way to
// Postgres, those that come wait, and go together with the next group. So the busier the process,
// the fewer round trips and switches between processes a read takes; a lone one waits for nobody.
// D68

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "schema/read_model/quick_session.h"

namespace vsim::read_model {

/// Reads by key that go together.
inline constexpr std::size_t quick_group_reads_max = 32;

/// Any thread.
class QuickReads {
 public:
  using OnFinished = std::function<void(const QuickRead&)>;
  /// Runs a group on one session, as QuickSession::run() does. `form_group` gives the group; to be
  /// called once, when there is a session.
  using FormGroup = std::function<std::vector<QuickRead*>()>;
  using RunGroup = std::function<std::optional<DatabaseError>(const FormGroup& form_group,
                                                              const OnFinished& on_finished)>;

  struct Limits {
    std::size_t groups_max;       // under way at once
    std::size_t group_reads_max;  // of one group
  };

  QuickReads(Limits limits, RunGroup run_group)
      : limits_(limits), run_group_(std::move(run_group)) {}

  /// Gives the read its rows or its failure. Blocks: until there is room in a group, for
  /// free_connection_max at most, and for as long as that group takes.
  void run(QuickRead& read);

  /// How many reads wait for a group.
  std::size_t waiting() const;

 private:
  struct Waiting;

  bool wait_for_turn(Waiting& waiting);
  void lead(Waiting& leader);
  std::vector<Waiting*> take_waiting();
  void hand_on();

  const Limits limits_;
  const RunGroup run_group_;
  mutable std::mutex mutex_;
  std::deque<Waiting*> queue_;  // guarded by the mutex, as the next one
  std::size_t groups_under_way_ = 0;
};

}  // namespace vsim::read_model
