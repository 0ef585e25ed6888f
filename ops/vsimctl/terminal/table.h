#pragma once

// Columns on a terminal.

#include <string>
#include <vector>

namespace vsim::vsimctl {

/// Rows of texts under headings, each column as wide as its widest text, figures to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  void add(std::vector<std::string> row);  // as many texts as headings
  std::size_t rows() const { return rows_.size() - 1; }
  std::string text() const;
  void print() const;  // to stdout

 private:
  std::vector<std::vector<std::string>> rows_;  // the headings first
};

}  // namespace vsim::vsimctl
