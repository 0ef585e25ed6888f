#include "ops/vsimctl/terminal/progress.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace vsim::vsimctl {
namespace {

using namespace std::chrono_literals;

constexpr auto bar_interval = 200ms;
constexpr auto line_interval = 5s;
constexpr std::size_t bar_width = 30;

}  // namespace

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t end = text.size(); end > 3; end -= 3) {
    text.insert(end - 3, ",");
  }
  return text;
}

std::string progress_text(std::uint64_t done, std::uint64_t total,
                          std::chrono::duration<double> elapsed) {
  const std::uint64_t percent = total == 0 ? 100 : 100 * done / total;
  const double rate = static_cast<double>(done) / std::max(elapsed.count(), 1e-3);
  const double left = static_cast<double>(total - std::min(done, total)) / std::max(rate, 1.0);
  return fmt::format("{:3} % {} of {} events, {}/s, {:.0f} s left", percent, with_commas(done),
                     with_commas(total), with_commas(static_cast<std::uint64_t>(rate)), left);
}

Progress::Progress(std::uint64_t total)
    : total_(total), terminal_(isatty(STDOUT_FILENO) == 1), shown_(began_) {}

Progress::~Progress() {
  if (terminal_) {
    fmt::print("\n");
  }
}

std::chrono::duration<double> Progress::elapsed() const { return Clock::now() - began_; }

void Progress::show(std::uint64_t done) {
  const auto now = Clock::now();
  const bool due = now - shown_ >= (terminal_ ? Clock::duration(bar_interval) : line_interval);
  if (!due && done < total_) {
    return;
  }
  shown_ = now;
  const std::string text = progress_text(done, total_, elapsed());
  if (terminal_) {
    const std::size_t full = total_ == 0 ? bar_width : bar_width * done / total_;
    fmt::print("\r[{:<{}}] {}\033[K", std::string(std::min(full, bar_width), '#'), bar_width, text);
  } else {
    fmt::print("{}\n", text);
  }
  std::fflush(stdout);
}

}  // namespace vsim::vsimctl
