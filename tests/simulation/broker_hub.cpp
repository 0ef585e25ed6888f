#include "tests/simulation/broker_hub.h"

#include <algorithm>

#include <fmt/format.h>

#include "domain/decimal.h"
#include "tests/simulation/broker_api.h"

namespace vsim::simulation {
namespace {

using namespace std::chrono_literals;
using eventstore::Received;

constexpr Time acks_unsynced_max = 150ms;
constexpr Time journal_unsynced_max = 1500ms;

std::string store_reply(const Stream& stream, const StoreResult& result) {
  if (result.error) {
    return fmt::format(R"({{"error":{{"code":400,"err_code":{},"description":"{}"}},)"
                       R"("stream":"{}","seq":0}})",
                       result.error->err_code, result.error->description, stream.name);
  }
  return fmt::format(R"({{"stream":"{}","seq":{}{}}})", stream.name, result.sequence,
                     result.duplicate ? R"(,"duplicate": true)" : "");
}

std::vector<std::string> tokens_of(std::string_view subject) {
  std::vector<std::string> tokens(1);
  for (const char c : subject) {
    if (c == '.') {
      tokens.emplace_back();
    } else {
      tokens.back() += c;
    }
  }
  return tokens;
}

}  // namespace

Hub::Hub(Machine& machine) : machine_(machine) { machine.add(this); }

Stream& Hub::stream(std::string_view name) {
  const auto found = streams_.find(name);
  if (found != streams_.end()) {
    return found->second;
  }
  auto& made = streams_[std::string(name)];
  made.name = name;
  return made;
}

Consumer* Hub::commands_consumer() {
  auto& all = consumers_["COMMANDS"];
  const auto found = all.find("commands");
  return found == all.end() ? nullptr : &found->second;
}

void Hub::make_commands_consumer() {
  if (stream("COMMANDS").deleted) {
    return;
  }
  auto& consumer = consumers_["COMMANDS"]["commands"];
  consumer.name = "commands";
  consumer.filter = "vsim.cmd.*.*";
  consumer.explicit_acks = true;
  consumer.ack_wait = 30s;
  consumer.deliveries_max = 20;
}

void Hub::delete_commands_consumer() {
  if (auto* consumer = commands_consumer()) {
    while (!consumer->pulls.empty()) {
      end_pull(*consumer, 0, "409", "Consumer Deleted");
    }
    consumers_["COMMANDS"].erase("commands");
  }
}

void Hub::delete_commands() {
  delete_commands_consumer();
  stream("COMMANDS").erase();
  acked_.clear();
}

void Hub::set_ack_wait(Time ack_wait) {
  if (auto* consumer = commands_consumer()) {
    consumer->ack_wait = ack_wait;
  }
}

void Hub::forget_redeliveries(const Stream& stream) {
  for (auto& [name, consumer] : consumers_of(stream)) {
    for (const auto sequence : consumer.again) {
      if (stream.find(sequence) != nullptr) {
        consumer.pending[sequence] = machine_.now() + consumer.ack_wait;
      }
    }
    consumer.again.clear();
  }
}

std::map<std::string, Consumer>& Hub::consumers_of(const Stream& stream) {
  return consumers_[stream.name];
}

Time Hub::latency() { return std::chrono::microseconds(50 + machine_.draw(400)); }

// ---- connections

std::shared_ptr<Link> Hub::connect(std::shared_ptr<Process> process) {
  auto link = std::make_shared<Link>();
  link->process = std::move(process);
  std::erase_if(links_, [](const auto& each) { return each->process->dying; });
  links_.push_back(link);
  return link;
}

std::shared_ptr<Inbox> Hub::subscribe(const std::shared_ptr<Link>& link, std::string filter) {
  auto inbox = std::make_shared<Inbox>();
  inbox->filter = std::move(filter);
  inbox->link = link;
  std::erase_if(inboxes_, [](const auto& each) { return each.expired(); });
  inboxes_.push_back(inbox);
  return inbox;
}

bool Hub::is_heard(const std::string& subject) const {
  return std::any_of(inboxes_.begin(), inboxes_.end(), [&](const auto& each) {
    const auto inbox = each.lock();
    return inbox && !inbox->ended && inbox->link->connected && !inbox->link->process->dying &&
           matches(inbox->filter, subject);
  });
}

void Hub::announce(const std::string& subject, const Headers& headers, const std::string& payload,
                   const std::string& reply_to) {
  for (const auto& each : inboxes_) {
    const auto inbox = each.lock();
    if (!inbox || inbox->ended || !inbox->link->connected || !matches(inbox->filter, subject)) {
      continue;
    }
    auto takes = latency();
    if (machine_.chance(faults.delayed)) {
      takes += std::chrono::milliseconds(machine_.draw(4000));
    }
    auto& arrives = inbox->link->heard_at;
    arrives = std::max(arrives, machine_.now() + takes);
    inbox->messages.push_back({arrives, {subject, reply_to, headers, payload}});
    if (machine_.chance(faults.doubled)) {
      arrives += std::chrono::milliseconds(machine_.draw(20));
      inbox->messages.push_back({arrives, {subject, reply_to, headers, payload}});
    }
    machine_.wake_all(inbox.get());
  }
}

// ---- messages that arrive

Hub::Reply Hub::take(const std::string& subject, const std::string& payload, const Headers& headers,
                     const std::string& reply_to) {
  if (subject.starts_with("$JS.ACK.")) {
    take_ack(subject, payload);
    return std::nullopt;
  }
  if (subject.starts_with("$JS.API.")) {
    auto reply = take_api(subject, payload, reply_to);
    if (reply && !reply_to.empty()) {
      announce(reply_to, reply->headers, reply->payload);
    }
    return reply;
  }
  for (auto& [name, stream] : streams_) {
    if (stream.takes(subject)) {
      announce(subject, headers, payload);
      return take_append(stream, {subject, headers, payload}, reply_to);
    }
  }
  announce(subject, headers, payload, reply_to);
  return Received{{}, {}, {{"Status", "503"}}, {}};
}

Hub::Reply Hub::take_append(Stream& stream, Incoming&& message, const std::string& reply_to) {
  if (reply_to.ends_with(".$FI")) {
    take_chain_part(stream, message, reply_to);
    return std::nullopt;
  }
  Reply reply;
  if (!find_header(message.headers, "Nats-Batch-Id").empty()) {
    reply = take_batch_part(stream, std::move(message));
  } else {
    reply = Received{{}, {}, {}, store_reply(stream, store(stream, message))};
  }
  if (reply && !reply_to.empty()) {
    announce(reply_to, {}, reply->payload);
  }
  return reply;
}

StoreResult Hub::store(Stream& stream, const Incoming& message) {
  if (machine_.now() < refuses_until_ && stream.name == "EVENTS") {
    return {0, false, eventstore::ApiError{10047, "insufficient storage resources available"}};
  }
  const auto result = stream.store(message, machine_.now());
  if (!result.error && !result.duplicate) {
    if (stream.work_queue) {
      republish(*stream.find(result.sequence));
    }
    pump_all(stream);
  }
  return result;
}

/// Into JOURNAL, with where it stood.
void Hub::republish(const Stored& message) {
  auto headers = message.headers;
  headers.push_back({"Nats-Stream", "COMMANDS"});
  headers.push_back({"Nats-Subject", message.subject});
  headers.push_back({"Nats-Sequence", std::to_string(message.sequence)});
  headers.push_back({"Nats-Time-Stamp", stamp_of(message.at)});
  headers.push_back({"Nats-Last-Sequence", "0"});
  auto& journal = stream("JOURNAL");
  journal.store({"vsim.journal." + message.subject.substr(std::string_view("vsim.cmd.").size()),
                 std::move(headers), message.payload},
                machine_.now());
  pump_all(journal);
}

Hub::Reply Hub::take_batch_part(Stream& stream, Incoming&& message) {
  const std::string id(find_header(message.headers, "Nats-Batch-Id"));
  const auto place = read_decimal(find_header(message.headers, "Nats-Batch-Sequence")).value_or(0);
  const bool commits = !find_header(message.headers, "Nats-Batch-Commit").empty();
  auto& batch = batches_[id];
  const bool in_order = place == batch.size() + 1;
  batch.push_back(std::move(message));
  if (!commits) {
    return std::nullopt;
  }
  const auto whole = std::move(batch);
  batches_.erase(id);
  StoreResult result;
  if (!in_order) {
    result.error = eventstore::ApiError{10176, "batch publish is incomplete and was abandoned"};
  } else if (machine_.now() < refuses_until_ && stream.name == "EVENTS") {
    result.error = eventstore::ApiError{10047, "insufficient storage resources available"};
  } else {
    result = stream.store_batch(whole, machine_.now());
  }
  if (result.error) {
    return Received{{}, {}, {}, store_reply(stream, result)};
  }
  pump_all(stream);
  return Received{{},
                  {},
                  {},
                  fmt::format(R"({{"stream":"{}","seq":{},"batch":"{}","count":{}}})", stream.name,
                              result.sequence, id, whole.size())};
}

/// <inbox>.<batch id>.<flow>.fail.<n from 1>.<op>.$FI: op 0 begins, 1 appends, 2 appends and ends.
void Hub::take_chain_part(Stream& stream, const Incoming& message, const std::string& reply_to) {
  const auto tokens = tokens_of(reply_to);
  const auto count = tokens.size();
  const std::string& id = tokens[count - 6];
  const auto place = read_decimal(tokens[count - 3]).value_or(0);
  const bool begins = tokens[count - 2] == "0";
  const bool ends = tokens[count - 2] == "2";
  const auto chain = chains_.find(id);
  if (!begins && chain == chains_.end()) {
    announce(reply_to, {},
             R"({"error":{"code":400,"err_code":10208,"description":)"
             R"("batch publish ID unknown"}})");
    return;
  }
  const auto result = store(stream, message);
  if (begins) {
    if (result.error) {
      announce(reply_to, {}, store_reply(stream, result));
      return;
    }
    chains_[id] = {result.sequence, 1};
    announce(reply_to, {}, R"({"type":"ack","seq":0,"msgs":500})");
    return;
  }
  if (result.error) {
    announce(reply_to, {},
             fmt::format(R"({{"type":"err","seq":{},"error":{{"code":400,"err_code":{},)"
                         R"("description":"{}"}}}})",
                         place, result.error->err_code, result.error->description));
  } else {
    chain->second = {result.sequence, chain->second.count + 1};
  }
  if (result.error || ends) {
    announce(reply_to, {},
             fmt::format(R"({{"stream":"{}","seq":{},"batch":"{}","count":{}}})", stream.name,
                         chain->second.last, id, chain->second.count));
    chains_.erase(chain);
  }
}

/// $JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<consumer sequence>.<time>.<pending>
void Hub::take_ack(const std::string& subject, const std::string& word) {
  const auto tokens = tokens_of(subject);
  auto& queue = stream(tokens[2]);
  auto& all = consumers_of(queue);
  const auto found = all.find(tokens[3]);
  if (found == all.end()) {
    return;
  }
  auto& consumer = found->second;
  const auto sequence = read_decimal(tokens[5]).value_or(0);
  if (sequence >= consumer.next) {
    return;
  }
  const bool pending = consumer.pending.contains(sequence);
  if (word.starts_with("+WPI")) {
    if (pending) {
      consumer.pending[sequence] = machine_.now() + consumer.ack_wait;
    }
    return;
  }
  if (word.starts_with("-NAK")) {
    if (!pending) {
      return;
    }
    const auto delay = word.find("\"delay\":");
    const auto length =
        delay == std::string::npos
            ? Time(0)
            : Time(static_cast<Time::rep>(
                  read_decimal(word.substr(delay + 8, word.find('}') - delay - 8)).value_or(0)));
    consumer.pending[sequence] = machine_.now() + length;
    return;  // advance() delivers it again
  }
  consumer.pending.erase(sequence);
  consumer.deliveries.erase(sequence);
  std::erase(consumer.again, sequence);
  if (const auto* message = queue.find(sequence)) {
    acked_.push_back({machine_.now(), *message});
    while (machine_.now() - acked_.front().at > acks_unsynced_max) {
      acked_.pop_front();
    }
    queue.remove(sequence);
  }
}

// ---- consumers

void Hub::pump_all(Stream& stream) {
  for (auto& [name, consumer] : consumers_of(stream)) {
    pump(stream, consumer);
  }
}

void Hub::pump(Stream& stream, Consumer& consumer) {
  if (consumer.paused_until && *consumer.paused_until > machine_.now()) {
    return;
  }
  std::erase_if(consumer.pulls, [this](const Pull& pull) { return !is_heard(pull.inbox); });
  while (!consumer.pulls.empty() && deliver_next(stream, consumer)) {
  }
}

bool Hub::deliver_next(Stream& stream, Consumer& consumer) {
  while (!consumer.again.empty()) {
    const auto sequence = consumer.again.front();
    consumer.again.pop_front();
    const auto* message = stream.find(sequence);
    if (message == nullptr) {
      continue;
    }
    if (consumer.deliveries[sequence] >= consumer.deliveries_max) {
      const auto subject =
          "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES." + stream.name + "." + consumer.name;
      consumer.pending.erase(sequence);
      store(this->stream("ADVISORIES"),
            {subject,
             {},
             fmt::format(R"({{"type":"io.nats.jetstream.advisory.v1.max_deliver",)"
                         R"("stream":"{}","consumer":"{}","stream_seq":{},"deliveries":{}}})",
                         stream.name, consumer.name, sequence, consumer.deliveries[sequence])});
      continue;
    }
    deliver(stream, consumer, *message);
    return true;
  }
  const auto* message = stream.next_of(consumer.filter, consumer.next);
  if (message == nullptr) {
    return false;
  }
  consumer.next = message->sequence + 1;
  deliver(stream, consumer, *message);
  return true;
}

void Hub::deliver(Stream& stream, Consumer& consumer, const Stored& message) {
  auto& pull = consumer.pulls.front();
  std::uint64_t times = 1;
  if (consumer.explicit_acks) {
    times = ++consumer.deliveries[message.sequence];
    consumer.pending[message.sequence] = machine_.now() + consumer.ack_wait;
    if (machine_.chance(faults.repeated)) {
      consumer.pending[message.sequence] =
          machine_.now() + std::chrono::milliseconds(machine_.draw(200));
    }
  }
  const auto reply_to =
      fmt::format("$JS.ACK.{}.{}.{}.{}.{}.{}.0", stream.name, consumer.name, times,
                  message.sequence, ++consumer.delivered, (message.at + epoch).count());
  // The subject of a delivery is the message's own; it reaches the inbox that asked.
  for (const auto& each : inboxes_) {
    const auto inbox = each.lock();
    if (inbox && !inbox->ended && inbox->link->connected && matches(inbox->filter, pull.inbox)) {
      auto takes = latency();
      if (machine_.chance(faults.delayed)) {
        takes += std::chrono::milliseconds(machine_.draw(4000));
      }
      auto& arrives = inbox->link->heard_at;
      arrives = std::max(arrives, machine_.now() + takes);
      inbox->messages.push_back(
          {arrives, {message.subject, reply_to, message.headers, message.payload}});
      machine_.wake_all(inbox.get());
    }
  }
  // Those that wait take turns.
  pull.next_heartbeat = machine_.now() + pull.heartbeat_every;
  if (--pull.left > 0) {
    consumer.pulls.push_back(pull);
  }
  consumer.pulls.pop_front();
}

void Hub::end_pull(Consumer& consumer, std::size_t index, const char* status, const char* text) {
  const auto pull = consumer.pulls[index];
  consumer.pulls.erase(consumer.pulls.begin() + static_cast<std::ptrdiff_t>(index));
  announce(pull.inbox,
           {{"Status", status},
            {"Description", text},
            {"Nats-Pending-Messages", std::to_string(pull.left)},
            {"Nats-Pending-Bytes", "0"}},
           {});
}

// ---- what happens by itself

std::optional<Time> Hub::next() const {
  std::optional<Time> least;
  const auto take = [&](Time at) {
    if (!least || at < *least) {
      least = at;
    }
  };
  for (const auto& [name, consumers] : consumers_) {
    for (const auto& [consumer_name, consumer] : consumers) {
      for (const auto& [sequence, until] : consumer.pending) {
        take(until);
      }
      for (const auto& pull : consumer.pulls) {
        take(std::min(pull.expires, pull.next_heartbeat));
      }
      if (consumer.paused_until) {
        take(*consumer.paused_until);
      }
    }
  }
  for (const auto& link : links_) {
    if (link->back_at) {
      take(std::max(*link->back_at, up_at_));
    }
  }
  return least;
}

void Hub::advance(Time now) {
  for (const auto& link : links_) {
    if (link->back_at && std::max(*link->back_at, up_at_) <= now) {
      link->back_at.reset();
      link->connected = !link->closed;
      ++link->reconnects;
    }
  }
  for (auto& [name, consumers] : consumers_) {
    auto& of = stream(name);
    for (auto& [consumer_name, consumer] : consumers) {
      advance(of, consumer, now);
    }
  }
}

void Hub::advance(Stream& stream, Consumer& consumer, Time now) {
  for (auto pending = consumer.pending.begin(); pending != consumer.pending.end();) {
    if (pending->second > now) {
      ++pending;
      continue;
    }
    if (stream.find(pending->first) == nullptr) {
      consumer.deliveries.erase(pending->first);  // purged
    } else {
      consumer.again.push_back(pending->first);
    }
    pending = consumer.pending.erase(pending);
  }
  if (consumer.paused_until && *consumer.paused_until <= now) {
    consumer.paused_until.reset();
  }
  for (std::size_t i = consumer.pulls.size(); i-- > 0;) {
    auto& pull = consumer.pulls[i];
    if (pull.expires <= now) {
      end_pull(consumer, i, "408", "Request Timeout");
    } else if (pull.next_heartbeat <= now) {
      pull.next_heartbeat = now + pull.heartbeat_every;
      announce(pull.inbox, {{"Status", "100"}, {"Description", "Idle Heartbeat"}}, {});
    }
  }
  if (up()) {
    pump(stream, consumer);
  }
}

// ---- crashes

void Hub::drop(const std::shared_ptr<Link>& link, Time down) {
  link->connected = false;
  link->back_at = machine_.now() + down;
  for (const auto& each : inboxes_) {
    if (const auto inbox = each.lock(); inbox && inbox->link == link) {
      std::erase_if(inbox->messages,
                    [this](const auto& message) { return message.arrives > machine_.now(); });
      machine_.wake_all(inbox.get());
    }
  }
}

void Hub::crash(Time down, bool loses_tail, bool loses_acks) {
  up_at_ = machine_.now() + down;
  for (const auto& link : links_) {
    if (!link->closed) {
      drop(link, down + std::chrono::milliseconds(machine_.draw(300)));
    }
  }
  batches_.clear();
  chains_.clear();
  for (auto& [name, consumers] : consumers_) {
    std::erase_if(consumers, [](const auto& each) { return each.second.in_memory; });
    for (auto& [consumer_name, consumer] : consumers) {
      consumer.pulls.clear();
    }
  }
  auto& queue = stream("COMMANDS");
  if (loses_acks) {
    while (!acked_.empty()) {
      const auto& removed = acked_.front();
      const bool free = queue.last_of(removed.message.subject) == nullptr;
      if (machine_.now() - removed.at < acks_unsynced_max && free) {
        queue.restore(removed.message);
        if (auto* consumer = commands_consumer();
            consumer != nullptr && removed.message.sequence < consumer->next) {
          ++consumer->deliveries[removed.message.sequence];
          consumer->pending[removed.message.sequence] = machine_.now() + consumer->ack_wait;
        }
      }
      acked_.pop_front();
    }
  }
  acked_.clear();
  queue.forget_ids();
  if (loses_tail) {
    auto& journal = stream("JOURNAL");
    std::size_t unsynced = 0;
    for (auto message = journal.messages().rbegin();
         message != journal.messages().rend() &&
         machine_.now() - message->second.at < journal_unsynced_max;
         ++message) {
      ++unsynced;
    }
    journal.cut_tail(unsynced == 0 ? 0 : machine_.draw(unsynced + 1));
  }
}

void Hub::crash_to_older_events(Time down, Sequence end) {
  crash(down, false, false);
  auto& events = stream("EVENTS");
  events.cut_tail(events.last() - end);
}

void Hub::pause_consumer_until(Time until) {
  if (auto* consumer = commands_consumer()) {
    consumer->paused_until = until;
  }
}

}  // namespace vsim::simulation
