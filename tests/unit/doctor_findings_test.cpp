// Goal: each limit of the doctor holds at its value and one step beside, and each finding names an
// entry of the runbook. Method: a table of values on both sides of each limit.

#include <vector>

#include <doctest/doctest.h>

#include "ops/vsimctl/doctor/findings.h"

using namespace std::chrono_literals;
using namespace vsim::vsimctl;
using vsim::telemetry::LogSync;

namespace {

struct Row {
  Finding finding;
  Verdict verdict;
};

constexpr auto ok = Verdict::ok;
constexpr auto warning = Verdict::warning;
constexpr auto bad = Verdict::bad;
constexpr auto power = vsim::telemetry::Durability::power;
constexpr auto process = vsim::telemetry::Durability::process;

}  // namespace

TEST_CASE("findings change their verdict one step beyond each limit") {
  // clang-format off
  const std::vector<Row> rows = {
      {judge_queue(0), ok},                         {judge_queue(50), ok},
      {judge_queue(51), warning},                   {judge_queue(100), warning},
      {judge_queue(101), bad},
      {judge_numbers({vsim::queue_numbers_broken - 2, 0, 0}), ok},
      {judge_numbers({vsim::queue_numbers_broken - 1, 0, 0}), bad},
      {judge_oldest(Seconds(60)), ok},              {judge_oldest(Seconds(60.1)), warning},
      {judge_oldest(Seconds(600)), warning},        {judge_oldest(Seconds(600.1)), bad},
      {judge_sync(power, LogSync{}), ok},           {judge_sync({}, LogSync{}), ok},
      {judge_sync(power, LogSync{1ns}), warning},   {judge_sync({}, LogSync{1ns}), warning},
      {judge_sync(process, LogSync{1s}), ok},       {judge_sync(process, LogSync{}), ok},
      {judge_sync(process, LogSync{1s + 1ns}), warning},
      {judge_sync(power, {}), ok},                  {judge_sync(process, {}), ok},
      {judge_fsync(power, true), ok},               {judge_fsync(process, true), ok},
      {judge_fsync(process, false), ok},            {judge_fsync(power, false), warning},
      {judge_fsync({}, false), warning},
      {judge_broker_health(""), ok},                {judge_broker_health("write error"), bad},
      {judge_consumer(false, ""), ok},              {judge_consumer(true, "2026-01-01"), warning},
      {judge_workers(1, 0, false), ok},             {judge_workers(0, 1, false), ok},
      {judge_workers(0, 0, false), bad},            {judge_workers(0, 0, true), ok},
      {judge_deliveries(0), ok},                    {judge_deliveries(1), warning},
      {judge_dead_letters(0), ok},                  {judge_dead_letters(1), warning},
      {judge_advisories(0, Seconds(0)), ok},        {judge_advisories(1, Seconds(86'399)), warning},
      {judge_advisories(1, Seconds(86'400)), ok},
      {judge_store(800, 1000), ok},                 {judge_store(801, 1000), warning},
      {judge_store(950, 1000), warning},            {judge_store(951, 1000), bad},
      {judge_store(951, std::nullopt), ok},
      {judge_hole(21), bad},
      {judge_lost(0), ok},                          {judge_lost(1), bad},
      {judge_silence(false, false), warning},
      {judge_silence(false, true), warning},
      {judge_silence(true, false), warning},
      {judge_clock("", Seconds(-2), Seconds(0.05)), ok},
      {judge_clock("", Seconds(-2.01), Seconds(0)), warning},
      {judge_clock("", Seconds(2.01), Seconds(0)), warning},
      {judge_clock("", Seconds(0), Seconds(0.051)), warning},
      {judge_clock("", Seconds(0), Seconds(0.5)), warning},
      {judge_clock("", Seconds(0), Seconds(0.501)), bad},
      {judge_lag(0, Seconds(0)), ok},               {judge_lag(7, Seconds(30)), ok},
      {judge_lag(7, Seconds(30.1)), warning},       {judge_lag(7, Seconds(300)), warning},
      {judge_lag(7, Seconds(300.1)), bad},
      {judge_pool("r", 50, 100), ok},               {judge_pool("r", 49, 100), warning},
      {judge_pool("r", 20, 100), warning},          {judge_pool("r", 19, 100), bad},
      {judge_warm_pool("a/p", 10, 20), ok},         {judge_warm_pool("a/p", 9, 20), warning},
      {judge_warm_pool("a/p", 4, 20), warning},     {judge_warm_pool("a/p", 3, 20), bad},
      {judge_warm_pool("a/p", 0, 0), ok},
      {judge_pool("r", 0, 0), bad},                 {judge_incident("r", false, ""), ok},
      {judge_incident("r", true, "noon"), warning},
      {judge_billing("r", Seconds(660), 1, Seconds(60)), ok},
      {judge_billing("r", Seconds(661), 1, Seconds(60)), bad},
      {judge_billing("r", Seconds(36'060), 60, Seconds(60)), ok},
      {judge_billing("r", Seconds(36'061), 60, Seconds(60)), bad},
      {judge_deadlines(0), ok},                     {judge_deadlines(1), bad},
      {judge_api("u", 200, ""), ok},                {judge_api("u", 503, "why"), bad},
      {judge_api("u", 404, ""), bad},               {api_not_named(), ok},
      {judge_faults(0, "", ""), ok},                {judge_faults(1, "t", "ops"), warning},
      {judge_idle(0), ok},                          {judge_idle(1), bad},
  };
  // clang-format on
  for (const auto& [finding, verdict] : rows) {
    CAPTURE(finding.text);
    CHECK(finding.verdict == verdict);
    CHECK(finding.runbook.empty() == (verdict == ok));
  }
}
