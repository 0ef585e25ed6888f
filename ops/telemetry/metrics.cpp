#include "ops/telemetry/metrics.h"

#include <chrono>
#include <fstream>
#include <mutex>
#include <sstream>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include "ops/telemetry/build_info.h"

namespace vsim::telemetry {
namespace {

double resident_bytes() {
  long total = 0;
  long pages = 0;
  if (!(std::ifstream("/proc/self/statm") >> total >> pages)) {
    pages = 0;
  }
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  mutable std::mutex mutex;
  std::vector<std::function<void()>> refreshers;
};

struct GaugeSet::Impl {
  prometheus::Family<prometheus::Gauge>& family;
  std::mutex mutex;
  std::map<Labels, prometheus::Gauge*> shown;
};

void GaugeSet::replace(const std::map<Labels, double>& values) const {
  const std::lock_guard lock(impl_->mutex);
  auto& shown = impl_->shown;
  for (auto known = shown.begin(); known != shown.end();) {
    if (values.contains(known->first)) {
      ++known;
      continue;
    }
    impl_->family.Remove(known->second);
    known = shown.erase(known);
  }
  for (const auto& [labels, value] : values) {
    const auto [place, is_new] = shown.emplace(labels, nullptr);
    if (is_new) {
      place->second = &impl_->family.Add(labels);
    }
    place->second->Set(value);
  }
}

void Counter::add(double amount) const { counter_->Increment(amount); }
double Counter::value() const { return counter_->Value(); }
void Gauge::set(double value) const { gauge_->Set(value); }
void Gauge::add(double amount) const { gauge_->Increment(amount); }
void Histogram::observe(double value) const { histogram_->Observe(value); }

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  gauge("vsim_build_info", "1; the label says which build runs",
        {{"version", std::string(build_version())}})
      .set(1);
  gauge("process_start_time_seconds", "When the process began, since 1970 by its machine's clock")
      .set(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
               .count());
  const Gauge resident = gauge("process_resident_memory_bytes", "Memory in RAM");
  on_collect([resident] { resident.set(resident_bytes()); });
}

Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
  return Counter(family.Add(labels));
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
  return Gauge(family.Add(labels));
}

GaugeSet Metrics::gauge_set(const std::string& name, const std::string& help) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
  return GaugeSet(std::make_shared<GaugeSet::Impl>(family));
}

Histogram Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels,
                             const std::vector<double>& bounds) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
  return Histogram(family.Add(labels, bounds));
}

void Metrics::on_collect(std::function<void()> refresh) {
  const std::lock_guard lock(impl_->mutex);
  impl_->refreshers.push_back(std::move(refresh));
}

std::string Metrics::text() const {
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& refresh : impl_->refreshers) {
      refresh();
    }
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, impl_->registry.Collect());
  return out.str();
}

std::vector<double> latency_bounds_seconds() {
  return {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60};
}

}  // namespace vsim::telemetry
