#pragma once

// The bill once more, from the events alone: a fold of the bench's own, so that it shares no line
// with what it checks. For profiles that bill RUNNING and REBOOTING by the second, without minimum.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace vsim::bench {

class BillFold {
 public:
  using Moment = std::chrono::sys_time<std::chrono::milliseconds>;

  /// The bill of servers whose ids begin with `prefix`, of all that happened before `through`.
  BillFold(Moment through, std::string prefix) : through_(through), prefix_(std::move(prefix)) {}

  /// An event of EVENTS, in the log's order; those of none of the servers are passed over.
  void add(std::string_view payload);

  std::size_t events() const { return events_; }
  std::size_t servers() const { return servers_.size(); }
  /// The sum of rate (1/10,000 USD an hour) x billed seconds.
  std::int64_t rate_seconds() const;
  /// What was wrong with the events; empty when nothing was.
  const std::string& error() const { return error_; }

 private:
  struct Account {
    std::int64_t rate = 0;
    std::int64_t seconds = 0;
    std::optional<Moment> since;
    Moment last{};
    std::uint64_t version = 0;
  };
  void add(Account& account, std::string_view type, Moment at) const;
  std::int64_t seconds_of(Moment since, Moment until) const;

  Moment through_;
  std::string prefix_;
  std::unordered_map<std::string, Account> servers_;
  std::size_t events_ = 0;
  std::string error_;
};

/// From "2026-03-01T12:00:00.000Z".
std::optional<BillFold::Moment> parse_moment(std::string_view text);

}  // namespace vsim::bench
