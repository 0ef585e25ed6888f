#pragma once

// Keeps what follows from a subject's last event up to date.

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "domain/ids.h"
#include "eventstore/broker.h"

namespace vsim::api {

/// Has the last event read when the broker announces a new one, which is a moment late, and a few
/// times a second anyway: an announcement may be lost.
class SubjectWatch {
 public:
  /// `refresh` reads the last event and gives the version that is known then. It is called here
  /// first, later on a thread of the watch's own; it may block. The broker outlives the watch.
  SubjectWatch(eventstore::Broker& broker, const std::string& subject,
               std::function<Version()> refresh);
  SubjectWatch(const SubjectWatch&) = delete;
  SubjectWatch& operator=(const SubjectWatch&) = delete;

 private:
  void run(const std::stop_token& stop);

  const std::function<Version()> refresh_;
  std::unique_ptr<eventstore::Subscription> changes_;
  Version known_ = 0;
  std::jthread thread_;
};

}  // namespace vsim::api
