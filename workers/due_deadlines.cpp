#include "workers/due_deadlines.h"

#include <memory>
#include <vector>

#include "workers/group_commit.h"

namespace vsim::workers {
namespace {

class DueProposal : public Proposal {
 public:
  DueProposal(FleetView& view, DueServer due, const OnDue& on_due)
      : view_(view), due_(std::move(due)), on_due_(on_due) {}

  const ServerId& server() const override { return due_.server; }

  eventstore::Result<std::vector<eventstore::Append>> decide(const Head& head) override {
    now_ = view_.now();
    events_ = decide_due(due_.server, due_.region, head.state, now_);
    after_ = head.state;
    sequence_ = head.sequence;
    for (const auto& event : events_) after_ = evolve(std::move(after_), event);
    return appends_of(head, events_, {});
  }

 private:
  void on_done(eventstore::Sequence first) override {
    if (first > 0) sequence_ = first + events_.size() - 1;
    view_.server_seen(due_.region, due_.server, after_, sequence_);
    for (const auto& event : events_) on_due_(event, now_);
  }

  FleetView& view_;
  DueServer due_;
  const OnDue& on_due_;
  Instant now_{};
  std::vector<Event> events_;
  State after_;
  eventstore::Sequence sequence_ = 0;
};

}  // namespace

eventstore::Result<void> apply_due(eventstore::EventStore& store, FleetView& view,
                                   std::span<const DueServer> servers, const OnDue& on_due) {
  std::vector<std::unique_ptr<DueProposal>> owned;
  std::vector<Proposal*> group;
  for (const auto& server : servers) {
    owned.push_back(std::make_unique<DueProposal>(view, server, on_due));
    group.push_back(owned.back().get());
  }
  return commit(store, group);
}

}  // namespace vsim::workers
