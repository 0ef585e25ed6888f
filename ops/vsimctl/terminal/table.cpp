#include "ops/vsimctl/terminal/table.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace vsim::vsimctl {
namespace {

bool is_figure(const std::string& text) {
  return text.find_first_not_of("0123456789.,") == std::string::npos;
}

}  // namespace

Table::Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }

void Table::add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

std::string Table::text() const {
  const std::size_t columns = rows_.front().size();
  std::vector<std::size_t> widths(columns, 0);
  std::vector<bool> figures(columns, rows_.size() > 1);
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      widths[c] = std::max(widths[c], rows_[r][c].size());
      if (r > 0 && !is_figure(rows_[r][c])) {
        figures[c] = false;
      }
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < columns; ++c) {
      line += c == 0 ? "" : "  ";
      line += figures[c] ? fmt::format("{:>{}}", row[c], widths[c])
                         : fmt::format("{:<{}}", row[c], widths[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

void Table::print() const { std::fputs(text().c_str(), stdout); }

}  // namespace vsim::vsimctl
