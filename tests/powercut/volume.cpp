#include "tests/powercut/volume.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

namespace powercut {
namespace {

constexpr std::size_t name_bytes_max = 255;

void touch(struct stat& attributes) {
  ::clock_gettime(CLOCK_REALTIME, &attributes.st_mtim);
  attributes.st_ctim = attributes.st_mtim;
}

void check_name(const std::string& name) {
  if (name.size() > name_bytes_max) {
    throw Refused{ENAMETOOLONG};
  }
}

}  // namespace

bool Volume::Node::has_grown() const {
  return live.size() > durable.size() || std::any_of(dirty.begin(), dirty.end(), [&](auto index) {
           return durable.page(index) == nullptr;
         });
}

Volume::Volume(Names names) : names_(names) {
  Node& root = nodes_[root_node];
  root.attributes.st_mode = S_IFDIR | 0777;
  root.live_links = root.durable_links = 1;
  touch(root.attributes);
}

Volume::Node& Volume::node(NodeId id) {
  const auto found = nodes_.find(id);
  if (found == nodes_.end()) {
    throw Refused{ESTALE};
  }
  return found->second;
}

const Volume::Node& Volume::node(NodeId id) const { return const_cast<Volume*>(this)->node(id); }

Volume::Node& Volume::folder(NodeId id) {
  Node& found = node(id);
  if (!found.is_folder()) {
    throw Refused{ENOTDIR};
  }
  if (found.live_links == 0) {
    throw Refused{ENOENT};
  }
  return found;
}

NodeId Volume::find(NodeId in, const std::string& name) const {
  check_name(name);
  const auto& known = names(in);
  const auto found = known.find(name);
  if (found == known.end()) {
    throw Refused{ENOENT};
  }
  return found->second;
}

NodeId Volume::make(NodeId in, const std::string& name, const struct stat& attributes,
                    const std::string& link_target) {
  check_name(name);
  if (folder(in).names.count(name) > 0) {
    throw Refused{EEXIST};
  }
  const NodeId id = next_node_++;
  Node& made = nodes_[id];
  made.attributes = attributes;
  made.link_target = link_target;
  touch(made.attributes);
  place(in, name, id);
  record({.node = id, .to = in, .to_name = name});
  return id;
}

void Volume::link(NodeId id, NodeId in, const std::string& name) {
  check_name(name);
  if (folder(in).names.count(name) > 0) {
    throw Refused{EEXIST};
  }
  if (node(id).is_folder()) {
    throw Refused{EPERM};
  }
  place(in, name, id);
  record({.node = id, .to = in, .to_name = name});
}

void Volume::place(NodeId in, const std::string& name, NodeId id) {
  Node& parent = node(in);
  parent.names[name] = id;
  ++node(id).live_links;
  touch(parent.attributes);
}

/// Takes the name away that leads to `found`.
void Volume::remove_empty(NodeId in, const std::string& name, NodeId found) {
  Node& gone = node(found);
  if (gone.is_folder() && !gone.names.empty()) {
    throw Refused{ENOTEMPTY};
  }
  Node& parent = node(in);
  parent.names.erase(name);
  touch(parent.attributes);
  --gone.live_links;
}

void Volume::unlink(NodeId in, const std::string& name) {
  const NodeId found = find(in, name);
  remove_empty(in, name, found);
  record({.node = found, .from = in, .from_name = name});
  erase_if_gone(found);
}

void Volume::rename(NodeId from, const std::string& name, NodeId to, const std::string& new_name,
                    bool replace) {
  check_name(new_name);
  const NodeId moved = find(from, name);
  Node& target = folder(to);
  const auto present = target.names.find(new_name);
  NodeId replaced = 0;
  if (present != target.names.end()) {
    replaced = present->second;
    if (!replace) {
      throw Refused{EEXIST};
    }
    if (replaced == moved) {
      return;
    }
    remove_empty(to, new_name, replaced);
  }
  node(from).names.erase(name);
  --node(moved).live_links;
  place(to, new_name, moved);
  record({.node = moved, .from = from, .from_name = name, .to = to, .to_name = new_name});
  if (replaced != 0) {
    erase_if_gone(replaced);
  }
}

struct stat Volume::status(NodeId id) const {
  const Node& found = node(id);
  struct stat status = found.attributes;
  status.st_ino = id;
  status.st_nlink = found.is_folder() ? 2 : found.live_links;
  status.st_size = static_cast<off_t>(S_ISLNK(found.attributes.st_mode) ? found.link_target.size()
                                                                        : found.live.size());
  status.st_blksize = page_bytes;
  status.st_blocks = (status.st_size + 511) / 512;
  return status;
}

struct stat& Volume::attributes(NodeId id) { return node(id).attributes; }

const std::string& Volume::link_target(NodeId id) const { return node(id).link_target; }

const std::map<std::string, NodeId>& Volume::names(NodeId id) const {
  const Node& found = node(id);
  if (!found.is_folder()) {
    throw Refused{ENOTDIR};
  }
  return found.names;
}

std::string Volume::read(NodeId file, std::uint64_t offset, std::size_t bytes) const {
  return node(file).live.read(offset, bytes);
}

void Volume::write(NodeId file, std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  Node& written = node(file);
  written.live.write(offset, bytes);
  for (auto index = offset / page_bytes; index * page_bytes < offset + bytes.size(); ++index) {
    written.dirty.insert(index);
  }
  touch(written.attributes);
}

void Volume::truncate(NodeId file, std::uint64_t size) {
  Node& cut = node(file);
  if (cut.live.size() == size) {
    return;
  }
  cut.live.resize(size);
  cut.dirty.erase(cut.dirty.lower_bound(cut.live.page_count()), cut.dirty.end());
  touch(cut.attributes);
  record({.node = file, .size = size});
  cut.truncated = cut.changed;
}

void Volume::record(Change change) {
  for (const NodeId id : {change.node, change.from, change.to}) {
    if (id != 0) {
      Node& named = node(id);
      named.changed = committed_ + journal_.size() + 1;
      ++named.held;
    }
  }
  journal_.push_back(std::move(change));
}

void Volume::sync(NodeId id, bool data_only) {
  ++syncs_;
  Node& synced = node(id);
  if (names_ == Names::by_folder) {
    commit_those([id, folder = synced.is_folder()](const Change& change) {
      return folder ? change.names_folder(id) : change.is_truncate() && change.node == id;
    });
  } else if (synced.has_grown()) {
    commit_until(committed_ + journal_.size());
  } else {
    commit_until(data_only ? synced.truncated : synced.changed);
  }
  synced.durable = synced.live;
  synced.dirty.clear();
}

void Volume::sync_all() {
  commit_until(committed_ + journal_.size());
  for (auto& [id, synced] : nodes_) {
    synced.durable = synced.live;
    synced.dirty.clear();
  }
}

void Volume::commit_until(std::uint64_t length) {
  while (committed_ < length && !journal_.empty()) {
    const Change change = std::move(journal_.front());
    journal_.pop_front();
    ++committed_;
    apply(change);
  }
}

void Volume::commit_those(const std::function<bool(const Change&)>& chosen) {
  std::deque<Change> all;
  all.swap(journal_);
  for (Change& change : all) {
    if (chosen(change)) {
      ++committed_;
      apply(change);
    } else {
      journal_.push_back(std::move(change));
    }
  }
}

/// What the change does to the disk.
void Volume::apply(const Change& change) {
  if (change.is_truncate()) {
    node(change.node).durable.resize(change.size);
  }
  if (change.from != 0) {
    const auto& known = node(change.from).durable_names;
    const auto found = known.find(change.from_name);
    if (found != known.end() && found->second == change.node) {
      take_durable_name(change.from, change.from_name);
    }
  }
  if (change.to != 0) {
    take_durable_name(change.to, change.to_name);
    put_durable_name(change.to, change.to_name, change.node);
  }
  for (const NodeId id : {change.node, change.from, change.to}) {
    if (id != 0) {
      let_go(id, 1);
    }
  }
}

void Volume::put_durable_name(NodeId in, const std::string& name, NodeId id) {
  node(in).durable_names[name] = id;
  ++node(id).durable_links;
}

void Volume::take_durable_name(NodeId in, const std::string& name) {
  auto& known = node(in).durable_names;
  const auto found = known.find(name);
  if (found != known.end()) {
    const NodeId taken = found->second;
    known.erase(found);
    --node(taken).durable_links;
    erase_if_gone(taken);
  }
}

void Volume::hold(NodeId id) { ++node(id).held; }

void Volume::let_go(NodeId id, std::uint64_t times) {
  const auto found = nodes_.find(id);
  if (found != nodes_.end()) {
    found->second.held -= std::min(times, found->second.held);
    erase_if_gone(id);
  }
}

void Volume::erase_if_gone(NodeId id) {
  const auto found = nodes_.find(id);
  if (found == nodes_.end() || found->second.held > 0 || found->second.live_links > 0 ||
      found->second.durable_links > 0) {
    return;
  }
  const auto left = std::move(found->second.durable_names);
  nodes_.erase(found);
  for (const auto& [name, child] : left) {
    --node(child).durable_links;
    erase_if_gone(child);
  }
}

}  // namespace powercut
