// What a power cut leaves of a Volume: a part of what was not synced, by seed.

#include <algorithm>
#include <random>
#include <vector>

#include "tests/powercut/volume.h"

namespace powercut {

class Volume::Cut {
 public:
  Cut(Volume& volume, std::uint64_t seed) : volume_(volume), dice_(seed) {}

  CutReport run() {
    cut_journal();
    for (auto& [id, node] : volume_.nodes_) {
      if (S_ISREG(node.attributes.st_mode)) {
        cut_file(id, node);
      }
    }
    show_what_is_left();
    return report_;
  }

 private:
  bool one_in(unsigned count) { return dice_() % count == 0; }
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(dice_() % count); }

  /// A journal is written in order, so what survives is its first part; folders are written as it
  /// comes.
  void cut_journal() {
    const std::size_t waiting = volume_.journal_.size();
    if (volume_.names_ == Names::journaled) {
      volume_.commit_until(volume_.committed_ + (one_in(3) ? 0 : below(waiting + 1)));
    } else {
      const unsigned luck = static_cast<unsigned>(below(4));  // of 3
      volume_.commit_those([&](const Change&) { return below(3) < luck; });
    }
    report_.names_lost = volume_.journal_.size();
    report_.names_kept = waiting - report_.names_lost;
    for (const Change& change : volume_.journal_) {
      if (change.is_truncate()) {
        const auto known = kept_below_.try_emplace(change.node, change.size).first;
        known->second = std::min(known->second, change.size);
      }
    }
  }

  /// Some of the pages that were written reached the disk, whole or in part. Where a truncate did
  /// not, pages behind it were not given to the file yet.
  void cut_file(NodeId id, Node& node) {
    const auto limit = kept_below_.find(id);
    const unsigned luck = static_cast<unsigned>(below(5));  // of 4
    for (const std::size_t index : node.dirty) {
      const std::uint64_t begin = std::uint64_t{index} * page_bytes;
      const bool possible = limit == kept_below_.end() || begin < limit->second;
      if (!possible || below(4) >= luck) {
        ++report_.pages_lost;
        continue;
      }
      if (limit == kept_below_.end()) {
        node.durable.extend(std::min<std::uint64_t>(node.live.size(), begin + page_bytes));
      }
      keep_page(node, index);
    }
    // A size may be there before the bytes are.
    if (limit == kept_below_.end() && !node.dirty.empty() && one_in(4)) {
      node.durable.extend(node.live.size());
    }
    node.dirty.clear();
  }

  void keep_page(Node& node, std::size_t index) {
    const PageRef& written = node.live.page(index);
    if (!written || !one_in(4)) {
      node.durable.put(index, written);
      ++report_.pages_kept;
      return;
    }
    const PageRef& old = node.durable.page(index);
    auto torn = old ? std::make_shared<Page>(*old) : std::make_shared<Page>(Page{});
    // In order up to some sector, or any of them.
    const bool in_order = one_in(2);
    const std::size_t sectors = page_bytes / sector_bytes;
    const std::size_t end = below(sectors);
    for (std::size_t sector = 0; sector < sectors; ++sector) {
      if (in_order ? sector < end : one_in(2)) {
        std::copy_n(written->data() + sector * sector_bytes, sector_bytes,
                    torn->data() + sector * sector_bytes);
      }
    }
    node.durable.put(index, std::move(torn));
    ++report_.pages_torn;
  }

  void show_what_is_left() {
    for (const Change& change : volume_.journal_) {
      for (const NodeId id : {change.node, change.from, change.to}) {
        if (id != 0) {
          --volume_.node(id).held;
        }
      }
    }
    volume_.committed_ += volume_.journal_.size();
    volume_.journal_.clear();
    std::vector<NodeId> all;
    for (auto& [id, node] : volume_.nodes_) {
      node.live = node.durable;
      node.names = node.durable_names;
      node.live_links = node.durable_links;
      all.push_back(id);
    }
    for (const NodeId id : all) {
      volume_.erase_if_gone(id);
    }
  }

  Volume& volume_;
  std::mt19937_64 dice_;
  CutReport report_;
  std::map<NodeId, std::uint64_t> kept_below_;  // the smallest size of a truncate that was lost
};

CutReport Volume::cut(std::uint64_t seed) { return Cut(*this, seed).run(); }

}  // namespace powercut
