#include "schema/read_model/quick_reads.h"

#include <algorithm>
#include <condition_variable>
#include <utility>
#include <vector>

namespace vsim::read_model {

/// A read and its thread, which sleeps until the read is finished or the thread is to lead a group.
struct QuickReads::Waiting {
  enum class Turn { none, leads, finished };

  explicit Waiting(QuickRead& of) : read(of) {}

  void give(Turn given) {
    const std::lock_guard lock(mutex);
    turn = given;
    changed.notify_one();  // under the lock: the thread may take this object away afterwards
  }

  QuickRead& read;
  std::mutex mutex;
  std::condition_variable changed;
  Turn turn = Turn::none;  // guarded by the mutex
};

void QuickReads::run(QuickRead& read) {
  Waiting waiting(read);
  bool leads = false;
  {
    const std::lock_guard lock(mutex_);
    leads = groups_under_way_ < limits_.groups_max;
    if (leads) {
      ++groups_under_way_;
    } else {
      queue_.push_back(&waiting);
    }
  }
  if (leads || wait_for_turn(waiting)) {
    lead(waiting);
  }
}

std::size_t QuickReads::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

/// Whether the thread is to lead a group. Otherwise its read is finished.
bool QuickReads::wait_for_turn(Waiting& waiting) {
  const auto has_turn = [&] { return waiting.turn != Waiting::Turn::none; };
  std::unique_lock lock(waiting.mutex);
  if (!waiting.changed.wait_for(lock, free_connection_max, has_turn)) {
    lock.unlock();
    bool left = false;
    {
      const std::lock_guard queue_lock(mutex_);
      left = std::erase(queue_, &waiting) > 0;
    }
    if (left) {
      waiting.read.failure = no_free_connection();
      return false;
    }
    lock.lock();  // it goes with a group, whose end is near
    waiting.changed.wait(lock, has_turn);
  }
  return waiting.turn == Waiting::Turn::leads;
}

std::vector<QuickReads::Waiting*> QuickReads::take_waiting() {
  const std::lock_guard lock(mutex_);
  const auto count =
      static_cast<std::ptrdiff_t>(std::min(queue_.size(), limits_.group_reads_max - 1));
  std::vector<Waiting*> taken(queue_.begin(), queue_.begin() + count);
  queue_.erase(queue_.begin(), queue_.begin() + count);
  return taken;
}

/// The next group is led by the thread that has waited for longest.
void QuickReads::hand_on() {
  Waiting* next = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.empty()) {
      --groups_under_way_;
      return;
    }
    next = queue_.front();
    queue_.pop_front();
  }
  next->give(Waiting::Turn::leads);
}

/// Runs a group, and wakes each other thread of it as soon as its read is finished.
void QuickReads::lead(Waiting& leader) {
  std::vector<Waiting*> others;  // null: woken
  const auto form_group = [&] {
    others = take_waiting();
    std::vector<QuickRead*> group{&leader.read};
    for (Waiting* other : others) {
      group.push_back(&other->read);
    }
    return group;
  };
  const auto wake = [&](const QuickRead& read) {
    const auto place = std::find_if(others.begin(), others.end(), [&](const Waiting* other) {
      return other != nullptr && &other->read == &read;
    });
    if (place != others.end()) {
      std::exchange(*place, nullptr)->give(Waiting::Turn::finished);
    }
  };
  const auto failure = run_group_(form_group, wake);
  hand_on();
  const auto finish = [&](QuickRead& read) {
    if (!read.finished) {
      read.failure = failure.value_or(no_answer());
    }
  };
  finish(leader.read);
  for (Waiting* other : others) {
    if (other != nullptr) {
      finish(other->read);
      other->give(Waiting::Turn::finished);
    }
  }
}

}  // namespace vsim::read_model
