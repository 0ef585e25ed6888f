#pragma once

// The bytes of one file in memory, in pages that may be shared with another content, so that a copy
// of a file costs no copy of its bytes. A page that was never written is zeros.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace powercut {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t sector_bytes = 512;  // what a disk writes whole

using Page = std::array<char, page_bytes>;
using PageRef = std::shared_ptr<Page>;  // null: zeros

class FileContent {
 public:
  std::uint64_t size() const { return size_; }
  std::size_t page_count() const { return pages_.size(); }
  const PageRef& page(std::size_t index) const;  // null beyond the end

  std::string read(std::uint64_t offset, std::size_t bytes) const;
  void write(std::uint64_t offset, std::string_view bytes);
  /// Cuts off, or adds zeros.
  void resize(std::uint64_t size);
  /// Makes the file at least so long.
  void extend(std::uint64_t size);
  /// Shares one page, and extends the file by no byte.
  void put(std::size_t index, PageRef page);

 private:
  Page& own_page(std::size_t index);

  std::vector<PageRef> pages_;
  std::uint64_t size_ = 0;
};

}  // namespace powercut
