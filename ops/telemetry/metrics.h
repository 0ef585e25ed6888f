#pragma once

// Counters, gauges and histograms of a process, and the text that Prometheus reads of them. The
// handles are cheap copies that stay valid as long as their Metrics; any thread may use them.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace vsim::telemetry {

class Counter {
 public:
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  void add(double amount = 1) const;
  double value() const;

 private:
  prometheus::Counter* counter_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  void set(double value) const;
  void add(double amount) const;

 private:
  prometheus::Gauge* gauge_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  void observe(double value) const;

 private:
  prometheus::Histogram* histogram_;
};

using Labels = std::map<std::string, std::string>;

/// The gauges of one name, set as a whole. Any thread.
class GaugeSet {
 public:
  /// Sets these, and removes the others of the name.
  void replace(const std::map<Labels, double>& values) const;

 private:
  friend class Metrics;
  struct Impl;
  explicit GaugeSet(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The same name and labels give the same metric. Names begin with vsim_; units stand last.
  Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  /// For labels that come and go. Made once for a name, and not beside gauge().
  GaugeSet gauge_set(const std::string& name, const std::string& help);
  /// `bounds` are the upper ends of the buckets, rising.
  Histogram histogram(const std::string& name, const std::string& help, const Labels& labels,
                      const std::vector<double>& bounds);

  /// Runs before each text(), to set gauges that are only worth knowing when somebody asks.
  void on_collect(std::function<void()> refresh);

  /// In the text format 0.0.4 of Prometheus.
  std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Upper ends for times of requests and the like, 0.5 ms to 60 s.
std::vector<double> latency_bounds_seconds();

}  // namespace vsim::telemetry
