#include "tests/benchmark/live.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>

#include "domain/decimal.h"
#include "tests/benchmark/listeners.h"
#include "tests/benchmark/machine.h"
#include "tests/benchmark/workloads.h"

namespace vsim::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t listeners_count = 1000;
constexpr std::size_t writers = 8;
constexpr std::size_t events_per_second = 200;
constexpr std::chrono::milliseconds between_writes{1000 * writers / events_per_second};
constexpr std::chrono::milliseconds between_reads{5};
constexpr double p99_ms_goal = 100;
constexpr double megabytes_goal = 150;
constexpr std::chrono::milliseconds until_all_is_told{500};

/// When the answer to each write was there, by its place in the log.
class Answered {
 public:
  void add(std::uint64_t sequence, Steady::time_point at) {
    const std::lock_guard lock(mutex_);
    at_.emplace(sequence, at);
  }
  const std::unordered_map<std::uint64_t, Steady::time_point>& all() const { return at_; }

 private:
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Steady::time_point> at_;
};

/// Sleeps until it is due; gives when the next one is, and no sooner for having been late.
Steady::time_point wait_for_turn(Steady::time_point due, std::chrono::milliseconds between) {
  std::this_thread::sleep_until(due);
  return std::max(due + between, Steady::now());
}

/// One client that stops and starts its server in turn, no faster than its share of the rate.
class PacedWriter : public StopsAndStarts {
 public:
  PacedWriter(const std::string& server, Answered& answered)
      : StopsAndStarts({server}, 1), answered_(&answered), due_(Steady::now()) {}

  bool next(std::size_t client, std::string& bytes) override {
    due_ = wait_for_turn(due_, between_writes);
    return StopsAndStarts::next(client, bytes);
  }
  std::string_view answered(std::size_t client, const Answer& answer, std::string& error) override {
    const std::string_view token = answer.header("Vsim-Sequence");  // EVENTS:1234
    const auto sequence = read_decimal(token.substr(token.find(':') + 1));
    answered_->add(sequence.value_or(0), Steady::now());
    return StopsAndStarts::answered(client, answer, error).empty() ? "" : "write";
  }

 private:
  Answered* answered_;
  Steady::time_point due_;
};

/// One client that reads at a steady rate: at full speed it would leave no processor to the rest.
class PacedReader : public Reads {
 public:
  explicit PacedReader(const std::vector<std::string>& server_ids)
      : Reads("GET", "/servers/{id}", server_ids), due_(Steady::now()) {}
  bool next(std::size_t client, std::string& bytes) override {
    due_ = wait_for_turn(due_, between_reads);
    return Reads::next(client, bytes);
  }

 private:
  Steady::time_point due_;
};

/// Writes at the rate beside some reads. The writers know how far they have come with their server.
LoadResult write_and_read(const Options& options, const std::vector<std::string>& server_ids,
                          std::vector<PacedWriter>& paced) {
  std::vector<LoadResult> results(paced.size() + 1);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < paced.size(); ++i) {
      threads.emplace_back(
          [&, i] { results[i] = run_load(options.api, {{&paced[i], 1}}, options.duration()); });
    }
    PacedReader reader(server_ids);
    results.back() = run_load(options.api, {{&reader, 1}}, options.duration());
  }
  LoadResult all;
  for (const LoadResult& result : results) {
    for (const auto& [name, series] : result.series) {
      all.series[name].samples.add(series.samples);
      all.series[name].seconds = std::max(all.series[name].seconds, series.seconds);
    }
    for (const auto& [text, count] : result.errors) {
      all.errors[text] += count;
    }
  }
  return all;
}

/// How long after the answer to the write each client had each event; 0 where it came before.
Samples delays(const std::vector<Listeners::Arrival>& arrivals, const Answered& answered) {
  Samples samples;
  for (const auto& arrival : arrivals) {
    const auto found = answered.all().find(arrival.sequence);
    if (found != answered.all().end()) {
      samples.add(std::max<Steady::duration>(arrival.at - found->second, Steady::duration(0)));
    }
  }
  return samples;
}

}  // namespace

void measure_live(const Options& options, const std::vector<std::string>& server_ids,
                  Report& report) {
  Answered answered;
  std::vector<PacedWriter> paced;
  for (std::size_t i = 0; i < writers; ++i) {
    paced.emplace_back(server_ids.at(i), answered);
  }
  report.begin_rates(fmt::format("Live: {} clients of GET /events, {} writes a second",
                                 listeners_count, events_per_second));
  const auto measure = [&](const std::string& when) {
    const LoadResult result = write_and_read(options, server_ids, paced);
    report.rate("write, " + when, writers, result, "write");
    report.rate("GET /servers/{id}, " + when, 1, result, "GET");
  };
  measure("alone");
  Listeners listeners(options.api, listeners_count);
  const std::size_t open = listeners.open();
  measure("beside them");
  const double megabytes = resident_megabytes(options.api_pid);
  std::this_thread::sleep_for(until_all_is_told);
  const std::size_t kept = listeners.open();
  const Samples told = delays(listeners.end(), answered);

  report.begin("What the clients were told", {"what", ""});
  report.row({"clients", fmt::format("{}, {} until the end", open, kept)});
  report.row({"events told", std::to_string(told.count())});
  report.row({"after the answer, p50", fmt::format("{:.1f} ms", told.percentile_ms(50))});
  report.row({"after the answer, p99", fmt::format("{:.1f} ms", told.percentile_ms(99))});
  report.row({fmt::format("p99 under {:.0f} ms", p99_ms_goal),
              told.count() > 0 && told.percentile_ms(99) < p99_ms_goal ? "reached" : "MISSED"});
  report.row({"the API, resident", fmt::format("{:.1f} MB", megabytes)});
  report.row({fmt::format("under {:.0f} MB", megabytes_goal),
              megabytes < megabytes_goal ? "reached" : "MISSED"});
}

}  // namespace vsim::bench
