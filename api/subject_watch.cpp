#include "api/subject_watch.h"

#include <chrono>
#include <utility>

namespace vsim::api {
namespace {

using namespace std::chrono_literals;

constexpr auto refresh_interval = 250ms;
// The broker announces an event before it has stored it.
constexpr auto storing_pause = 2ms;
constexpr int storing_looks_max = 5;

}  // namespace

SubjectWatch::SubjectWatch(eventstore::Broker& broker, const std::string& subject,
                           std::function<Version()> refresh)
    : refresh_(std::move(refresh)), changes_(broker.subscribe(subject)), known_(refresh_()) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void SubjectWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto announced = changes_->next(refresh_interval);
    if (!announced) {
      std::this_thread::sleep_for(refresh_interval);
    }
    const Version before = std::exchange(known_, refresh_());
    for (int i = 0; announced && *announced && known_ == before && i < storing_looks_max; ++i) {
      std::this_thread::sleep_for(storing_pause);
      known_ = refresh_();
    }
  }
}

}  // namespace vsim::api
