#include "tests/powercut/file_content.h"

#include <algorithm>
#include <utility>

namespace powercut {
namespace {

const PageRef no_page;

std::size_t pages_for(std::uint64_t size) {
  return static_cast<std::size_t>((size + page_bytes - 1) / page_bytes);
}

}  // namespace

const PageRef& FileContent::page(std::size_t index) const {
  return index < pages_.size() ? pages_[index] : no_page;
}

std::string FileContent::read(std::uint64_t offset, std::size_t bytes) const {
  std::string text;
  const std::uint64_t end = std::min<std::uint64_t>(size_, offset + bytes);
  while (offset < end) {
    const std::size_t at = offset % page_bytes;
    const std::size_t length = std::min<std::uint64_t>(page_bytes - at, end - offset);
    const PageRef& from = page(offset / page_bytes);
    if (from) {
      text.append(from->data() + at, length);
    } else {
      text.append(length, '\0');
    }
    offset += length;
  }
  return text;
}

void FileContent::write(std::uint64_t offset, std::string_view bytes) {
  extend(offset + bytes.size());
  while (!bytes.empty()) {
    const std::size_t at = offset % page_bytes;
    const std::size_t length = std::min(page_bytes - at, bytes.size());
    std::copy_n(bytes.data(), length, own_page(offset / page_bytes).data() + at);
    bytes.remove_prefix(length);
    offset += length;
  }
}

void FileContent::resize(std::uint64_t size) {
  if (size < size_ && size % page_bytes != 0 && page(size / page_bytes)) {
    Page& last = own_page(size / page_bytes);
    std::fill(last.begin() + static_cast<std::ptrdiff_t>(size % page_bytes), last.end(), '\0');
  }
  size_ = size;
  pages_.resize(pages_for(size));
}

void FileContent::extend(std::uint64_t size) {
  if (size > size_) {
    resize(size);
  }
}

void FileContent::put(std::size_t index, PageRef page) {
  if (index < pages_.size()) {
    pages_[index] = std::move(page);
  }
}

Page& FileContent::own_page(std::size_t index) {
  PageRef& page = pages_[index];
  if (!page) {
    page = std::make_shared<Page>();
    page->fill('\0');
  } else if (page.use_count() > 1) {
    page = std::make_shared<Page>(*page);
  }
  return *page;
}

}  // namespace powercut
