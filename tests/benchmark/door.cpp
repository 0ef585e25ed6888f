#include "tests/benchmark/door.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "tests/benchmark/machine.h"
#include "tests/benchmark/siege.h"
#include "tests/benchmark/workloads.h"

namespace vsim::bench {
namespace {

constexpr std::size_t readers = 16;
constexpr std::chrono::seconds until_it_stands{3};
constexpr std::chrono::seconds besieged{20};  // longer than a slow client has
constexpr std::chrono::seconds until_it_is_over{10};
constexpr double p99_ms_goal = 100;

/// Readers that may be turned away when they come, and come again then.
class PatientReads : public Reads {
 public:
  using Reads::Reads;
  std::string_view answered(std::size_t client, const Answer& answer, std::string& error) override {
    return answer.status == 503 ? "turned away" : Reads::answered(client, answer, error);
  }
};

struct Footprint {
  double megabytes = 0;
  std::size_t threads = 0;
};

Footprint footprint_of(int pid) {
  const std::filesystem::path tasks = fmt::format("/proc/{}/task", pid);
  std::error_code gone;
  const std::filesystem::directory_iterator threads(tasks, gone);
  return {resident_megabytes(pid),
          static_cast<std::size_t>(std::distance(begin(threads), end(threads)))};
}

/// The most that a process takes, looked at ten times a second while this lives.
class Watch {
 public:
  explicit Watch(int pid)
      : thread_([this, pid](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            const Footprint now = footprint_of(pid);
            most_.megabytes = std::max(most_.megabytes, now.megabytes);
            most_.threads = std::max(most_.threads, now.threads);
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
          }
        }) {}
  Footprint end() {
    thread_.request_stop();
    thread_.join();
    return most_;
  }

 private:
  Footprint most_;
  std::jthread thread_;
};

}  // namespace

void measure_door(const Options& options, const std::vector<std::string>& server_ids,
                  Report& report) {
  const auto read = [&](const std::string& when, std::chrono::milliseconds duration) {
    PatientReads reads("GET", "/servers/{id}", server_ids);
    const LoadResult result = run_load(options.api, {{&reads, readers}}, duration);
    report.rate("GET /servers/{id}, " + when, readers, result, "GET");
    return result;
  };
  const SiegeOptions crowd;
  report.begin_rates(fmt::format("The door: {} idle and {} slow clients", crowd.idle, crowd.slow));
  read("alone", options.duration());
  const Footprint before = footprint_of(options.api_pid);

  Siege siege(options.api, crowd);
  std::this_thread::sleep_for(until_it_stands);
  Watch watch(options.api_pid);
  const LoadResult result = read("beside them", besieged);
  const Footprint most = watch.end();
  const SiegeResult besiegers = siege.lift();
  std::this_thread::sleep_for(until_it_is_over);
  read("afterwards", options.duration());
  std::this_thread::sleep_for(until_it_is_over);
  const Footprint after = footprint_of(options.api_pid);

  report.begin("What the crowd cost the API", {"when", "resident MB", "threads"});
  const auto row = [&](const std::string& when, const Footprint& footprint) {
    report.row(
        {when, fmt::format("{:.1f}", footprint.megabytes), std::to_string(footprint.threads)});
  };
  row("before", before);
  row("at the most", most);
  row("10 s after", after);

  const auto found = result.series.find("GET");
  const auto turned_away = result.series.find("turned away");
  const double p99 = found == result.series.end() ? 0 : found->second.samples.percentile_ms(99);
  report.begin("What became of whom", {"what", "count"});
  report.row({"connections of the crowd", std::to_string(besiegers.connected)});
  report.row({"of them turned away with 503", std::to_string(besiegers.turned_away)});
  report.row({"slow clients closed", std::to_string(besiegers.cut)});
  report.row({"idle clients closed", std::to_string(besiegers.closed)});
  report.row({"readers turned away when they came",
              std::to_string(
                  turned_away == result.series.end() ? 0 : turned_away->second.samples.count())});
  report.row({fmt::format("p99 under {:.0f} ms", p99_ms_goal),
              found != result.series.end() && p99 < p99_ms_goal ? "reached" : "MISSED"});
}

}  // namespace vsim::bench
