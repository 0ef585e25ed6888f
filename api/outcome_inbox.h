#pragma once

// Receives the projector's notices that a command's outcome can be read. One subscription serves
// the whole process; every waiting write has a subject of its own under it. A notice holds the
// event that is the outcome, or only says that there is one. A lost notice costs time and nothing
// else, since waiting writes also look into `operations` from time to time. D9

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "eventstore/broker.h"
#include "ops/telemetry/metrics.h"

namespace vsim::api {

class OutcomeInbox {
 private:
  struct Place {
    std::mutex mutex;
    std::condition_variable changed;
    bool notified = false;
    std::optional<eventstore::Message> event;
  };

 public:
  /// Both outlive the inbox.
  OutcomeInbox(eventstore::Broker& broker, telemetry::Metrics& metrics);
  ~OutcomeInbox();
  OutcomeInbox(const OutcomeInbox&) = delete;
  OutcomeInbox& operator=(const OutcomeInbox&) = delete;

  /// One write's subject, from before its command is published until it is answered.
  class Ticket {
   public:
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    /// For the header Vsim-Reply-To.
    const std::string& subject() const { return subject_; }

    /// Sleeps until a notice, the deadline, or the end of the process; a notice that came before
    /// counts too. True when there was a notice, which is consumed.
    bool wait_until(std::chrono::steady_clock::time_point deadline);

    /// Gives the event of the last notice, once; nothing when the notice did not hold it.
    std::optional<eventstore::Message> take_event();

   private:
    friend class OutcomeInbox;
    Ticket(OutcomeInbox& inbox, std::uint64_t token);
    OutcomeInbox& inbox_;
    std::uint64_t token_;
    std::string subject_;
    Place place_;
  };

  /// Any thread. The inbox outlives the ticket.
  std::unique_ptr<Ticket> open();

  /// Ends all sleeps, now and from now on.
  void stop();
  bool stopped() const;

 private:
  void listen(const std::stop_token& stop);
  void notify(std::uint64_t token, eventstore::Received&& received);

  std::string prefix_;
  std::unique_ptr<eventstore::Subscription> subscription_;
  telemetry::Counter notices_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Place*> places_;
  std::uint64_t next_token_ = 1;
  bool stopped_ = false;
  std::jthread listener_;
};

}  // namespace vsim::api
