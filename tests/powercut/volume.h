#pragma once

// A file system in memory that knows what of it has been synced, and can forget the rest as a power
// cut would. It has files, folders and symbolic links, in two states each: what programs see, and
// what the disk is sure to have.
//
// Bytes are on the disk after fsync or fdatasync of their file. Changes of names (create, link,
// rename, unlink) and sizes cut by truncate go through a journal, in order; which of them a sync
// makes durable is `Names`. Owners, modes and times are never forgotten. D85
// Threads: one.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "tests/powercut/file_content.h"

namespace powercut {

using NodeId = std::uint64_t;  // the inode's number
constexpr NodeId root_node = 1;

/// When a change of names is durable.
enum class Names : std::uint8_t {
  /// As ext4 and XFS do it: the journal is written in order, so the sync of a file or folder makes
  /// durable what was done to it, and all that was done before that; of the rest, a first part may
  /// survive. A file that has grown takes along all that was done before its sync.
  journaled,
  /// As POSIX promises it and no more: only the sync of the folder makes its names durable; any
  /// part of the rest may survive.
  by_folder,
};

/// A call that is refused, with its errno.
struct Refused {
  int code;
};

/// What a power cut left and took.
struct CutReport {
  std::size_t names_kept = 0;  // changes of names and cut sizes that were not synced
  std::size_t names_lost = 0;
  std::size_t pages_kept = 0;  // pages that were not synced
  std::size_t pages_torn = 0;  // half old, half new
  std::size_t pages_lost = 0;
};

class Volume {
 public:
  explicit Volume(Names names);

  // Each throws Refused and changes nothing then.
  NodeId find(NodeId folder, const std::string& name) const;
  NodeId make(NodeId folder, const std::string& name, const struct stat& attributes,
              const std::string& link_target = {});
  void link(NodeId node, NodeId folder, const std::string& name);
  void unlink(NodeId folder, const std::string& name);  // also an empty folder
  void rename(NodeId from, const std::string& name, NodeId to, const std::string& new_name,
              bool replace);

  struct stat status(NodeId node) const;
  struct stat& attributes(NodeId node);  // mode, owner and times, to be changed
  const std::string& link_target(NodeId node) const;
  const std::map<std::string, NodeId>& names(NodeId folder) const;

  std::string read(NodeId file, std::uint64_t offset, std::size_t bytes) const;
  void write(NodeId file, std::uint64_t offset, std::string_view bytes);
  void truncate(NodeId file, std::uint64_t size);

  void sync(NodeId node, bool data_only);
  /// All of it, as sync(2).
  void sync_all();

  /// The kernel knows the node, so it stays until it is let go as often, also without a name.
  void hold(NodeId node);
  void let_go(NodeId node, std::uint64_t times);

  /// Forgets what was not synced, but for a part that the seed chooses.
  CutReport cut(std::uint64_t seed);

  std::size_t syncs() const { return syncs_; }

 private:
  struct Node {
    struct stat attributes{};
    std::string link_target;
    FileContent live;
    FileContent durable;
    std::set<std::size_t> dirty;  // pages written since the last sync
    std::map<std::string, NodeId> names;
    std::map<std::string, NodeId> durable_names;
    std::uint64_t changed = 0;    // journal's length after the last change that names it
    std::uint64_t truncated = 0;  // likewise, after the last truncate
    std::uint64_t live_links = 0;
    std::uint64_t durable_links = 0;
    std::uint64_t held = 0;  // by the kernel, and by the journal
    bool is_folder() const { return S_ISDIR(attributes.st_mode); }
    bool has_grown() const;
  };

  /// A change of names: `node` leaves one place and gets another; either may be missing. Or, with
  /// none, a truncate.
  struct Change {
    NodeId node = 0;
    NodeId from = 0;
    std::string from_name = {};
    NodeId to = 0;
    std::string to_name = {};
    std::uint64_t size = 0;
    bool is_truncate() const { return from == 0 && to == 0; }
    bool names_folder(NodeId folder) const { return from == folder || to == folder; }
  };

  Node& node(NodeId id);
  const Node& node(NodeId id) const;
  Node& folder(NodeId id);
  void record(Change change);
  void place(NodeId folder, const std::string& name, NodeId node);
  void remove_empty(NodeId folder, const std::string& name, NodeId found);
  void apply(const Change& change);
  void put_durable_name(NodeId folder, const std::string& name, NodeId node);
  void take_durable_name(NodeId folder, const std::string& name);
  void commit_until(std::uint64_t length);
  void commit_those(const std::function<bool(const Change&)>& chosen);
  void erase_if_gone(NodeId id);

  class Cut;

  Names names_;
  std::map<NodeId, Node> nodes_;
  std::deque<Change> journal_;
  std::uint64_t committed_ = 0;  // changes that have left the journal
  NodeId next_node_ = root_node + 1;
  std::size_t syncs_ = 0;
};

}  // namespace powercut
