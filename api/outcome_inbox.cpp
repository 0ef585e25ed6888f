#include "api/outcome_inbox.h"

#include <utility>

#include "domain/decimal.h"
#include "ops/telemetry/log.h"
#include "schema/messages/message_headers.h"

namespace vsim::api {
namespace {

using namespace std::chrono_literals;

/// The last token of the subject; 0, which no ticket has, when it is no number.
std::uint64_t token_of(std::string_view subject) {
  return read_decimal(subject.substr(subject.rfind('.') + 1)).value_or(0);
}

/// The event that a notice holds; the projector has committed it.
std::optional<eventstore::Message> event_of(eventstore::Received&& received) {
  const auto subject = find_header(received.headers, messages::header::event_subject);
  const auto sequence =
      read_decimal(find_header(received.headers, messages::header::event_sequence));
  if (subject.empty() || !sequence) {
    return std::nullopt;
  }
  eventstore::Message event;
  event.subject = subject;
  event.sequence = *sequence;
  event.payload = std::move(received.payload);
  return event;
}

}  // namespace

OutcomeInbox::OutcomeInbox(eventstore::Broker& broker, telemetry::Metrics& metrics)
    : prefix_(broker.new_inbox() + "."),
      subscription_(broker.subscribe(prefix_ + "*")),
      notices_(metrics.counter("vsim_outcomes_told_total", "Outcomes that the projector told of")),
      listener_([this](const std::stop_token& stop) { listen(stop); }) {}

OutcomeInbox::~OutcomeInbox() { stop(); }

void OutcomeInbox::listen(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    auto received = subscription_->next(200ms);
    if (!received) {
      log::warn("outcomes cannot be heard", {{"error", received.error().detail}});
      std::this_thread::sleep_for(200ms);
    } else if (*received) {
      notices_.add();
      notify(token_of((*received)->subject), std::move(**received));
    }
  }
}

void OutcomeInbox::notify(std::uint64_t token, eventstore::Received&& received) {
  // Held to the end, so that the ticket does not go away meanwhile.
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(token);
  if (found == places_.end()) {
    return;  // answered already
  }
  const std::lock_guard place_lock(found->second->mutex);
  found->second->notified = true;
  found->second->event = event_of(std::move(received));
  found->second->changed.notify_one();
}

void OutcomeInbox::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (const auto& [token, place] : places_) {
    const std::lock_guard place_lock(place->mutex);
    place->changed.notify_one();
  }
}

bool OutcomeInbox::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

std::unique_ptr<OutcomeInbox::Ticket> OutcomeInbox::open() {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Ticket> ticket(new Ticket(*this, next_token_++));
  places_.emplace(ticket->token_, &ticket->place_);
  return ticket;
}

OutcomeInbox::Ticket::Ticket(OutcomeInbox& inbox, std::uint64_t token)
    : inbox_(inbox), token_(token), subject_(inbox.prefix_ + std::to_string(token)) {}

OutcomeInbox::Ticket::~Ticket() {
  const std::lock_guard lock(inbox_.mutex_);
  inbox_.places_.erase(token_);
}

std::optional<eventstore::Message> OutcomeInbox::Ticket::take_event() {
  const std::lock_guard lock(place_.mutex);
  return std::exchange(place_.event, std::nullopt);
}

bool OutcomeInbox::Ticket::wait_until(std::chrono::steady_clock::time_point deadline) {
  if (inbox_.stopped()) {
    return false;
  }
  std::unique_lock lock(place_.mutex);
  if (!place_.notified) {
    place_.changed.wait_until(lock,
                              deadline);  // a spurious wake-up only makes the caller look earlier
  }
  return std::exchange(place_.notified, false);
}

}  // namespace vsim::api
