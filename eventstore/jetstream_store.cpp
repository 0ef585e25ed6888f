#include "eventstore/jetstream_store.h"

#include <algorithm>
#include <cassert>
#include <iterator>

#include <fmt/format.h>

#include "eventstore/api_reply.h"
#include "eventstore/append_wire.h"
#include "eventstore/broker_facts.h"
#include "eventstore/chain_append.h"
#include "eventstore/direct_get.h"
#include "eventstore/jetstream_follower.h"
#include "eventstore/reply_collector.h"

namespace vsim::eventstore {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_wait = 5s;
constexpr std::size_t filters_per_request_max = 1000;  // the broker stops at 1,024
constexpr std::size_t history_page = 256;

// Whether this stands in an answer of several messages for one that the broker cannot read. Where
// no subject has a message, it says "No Results".
bool breaks_off(const Received& reply) {
  return find_header(reply.headers, "Status") == "404" &&
         find_header(reply.headers, "Description") != "No Results";
}

}  // namespace

JetStreamStore::JetStreamStore(Broker& broker, Broker& unbuffered, std::string stream,
                               Retention retention)
    : broker_(broker),
      unbuffered_(unbuffered),
      stream_(std::move(stream)),
      retention_(retention),
      batch_prefix_(new_token() + "-"),
      collectors_(std::make_unique<ReplyCollectors>(unbuffered)) {}

JetStreamStore::~JetStreamStore() = default;

Result<Sequence> JetStreamStore::append(std::span<const Append> batch) {
  assert(!batch.empty() && batch.size() <= batch_messages_max);
  if (batch.size() == 1) {
    const auto& only = batch.front();
    return read_append_reply(broker_.request(only.subject, only.payload, wire_headers(only)));
  }
  const auto id = batch_prefix_ + std::to_string(next_batch_.fetch_add(1));
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto headers = wire_headers(batch[i]);
    headers.push_back({"Nats-Batch-Id", id});
    headers.push_back({"Nats-Batch-Sequence", std::to_string(i + 1)});
    if (i + 1 < batch.size()) {
      broker_.publish(batch[i].subject, batch[i].payload, headers);
      continue;
    }
    headers.push_back({"Nats-Batch-Commit", "1"});
    return read_append_reply(broker_.request(batch[i].subject, batch[i].payload, headers));
  }
  return fail(Error::Kind::refused, "an empty batch");
}

std::vector<ChainEnd> JetStreamStore::append_chains(std::span<const Chain> chains) {
  if (chains.empty()) {
    return {};
  }
  auto collector = collectors_->borrow();
  ChainAppend append(unbuffered_, *collector, chains);
  return append.run([this] { return batch_prefix_ + std::to_string(next_batch_.fetch_add(1)); },
                    answer_wait);
}

Result<std::vector<Message>> JetStreamStore::load_last(std::span<const std::string> filters) {
  std::vector<Message> found;
  // Of several subjects under one filter a lone request gives the newest only.
  if (filters.size() == 1 && !filters.front().ends_with('>')) {
    return load_last_apart(filters);
  }
  for (std::size_t first = 0; first < filters.size(); first += filters_per_request_max) {
    auto some = load_last_together(
        filters.subspan(first, std::min(filters_per_request_max, filters.size() - first)));
    if (!some) {
      return some;
    }
    std::move(some->begin(), some->end(), std::back_inserter(found));
  }
  return found;
}

Result<std::vector<Message>> JetStreamStore::load_last_apart(std::span<const std::string> filters) {
  std::vector<Message> found;
  for (const auto& filter : filters) {
    auto last = get_last(broker_, stream_, filter);
    if (!last) {
      return tl::unexpected(last.error());
    }
    if (*last) {
      found.push_back(std::move(**last));
    }
  }
  return found;
}

Result<std::vector<Message>> JetStreamStore::load_last_together(
    std::span<const std::string> filters) {
  std::string request = R"({"multi_last":[)";
  for (const auto& filter : filters) {
    request += fmt::format(R"("{}",)", filter);
  }
  request.back() = ']';
  request += '}';
  bool broken_off = false;
  auto found = get_several(request, &broken_off);
  // The broker gives them in the order of the log, and ends at one that it cannot read: those
  // behind it are there all the same.
  return broken_off ? load_last_apart(filters) : found;
}

Result<std::vector<Message>> JetStreamStore::get_several(const std::string& request,
                                                         bool* broken_off) {
  std::vector<Message> found;
  auto collector = collectors_->borrow();
  unbuffered_.publish("$JS.API.DIRECT.GET." + stream_, request, {}, collector->begin());
  while (true) {
    auto reply = collector->next(answer_wait);
    if (!reply) {
      return tl::unexpected(reply.error());
    }
    if (find_header(reply->headers, "Status") == "204") {
      return found;  // the end of the batch
    }
    if (broken_off != nullptr && breaks_off(*reply)) {
      *broken_off = true;
      return found;
    }
    auto message = to_message(std::move(*reply));
    if (!message) {
      return tl::unexpected(message.error());
    }
    if (!*message) {
      return found;  // nothing from there on
    }
    found.push_back(std::move(**message));
  }
}

Result<std::vector<Message>> JetStreamStore::load_history(const std::string& filter) {
  std::vector<Message> history;
  while (true) {
    const auto from = history.empty() ? 1 : history.back().sequence + 1;
    auto page = load_page(filter, from, history_page);
    if (!page) {
      return page;
    }
    std::move(page->begin(), page->end(), std::back_inserter(history));
    if (page->size() < history_page) {
      return history;
    }
  }
}

Result<std::vector<Message>> JetStreamStore::load_page(const std::string& filter, Sequence from,
                                                       std::size_t max) {
  return get_several(
      fmt::format(R"({{"seq":{},"batch":{},"next_by_subj":"{}"}})", from, max, filter));
}

Result<std::vector<Message>> JetStreamStore::load_last_until(const std::string& filter,
                                                             Sequence end) {
  if (end == 0) {
    return std::vector<Message>();  // which the broker would take for no end at all
  }
  return get_several(fmt::format(R"({{"multi_last":["{}"],"up_to_seq":{}}})", filter, end));
}

Result<std::optional<Message>> JetStreamStore::load_next(const std::string& filter, Sequence from) {
  return get_next(broker_, stream_, filter, from);
}

Result<std::optional<Message>> JetStreamStore::load(Sequence sequence) {
  return get_at(broker_, stream_, sequence);
}

Result<Sequence> JetStreamStore::last_sequence() {
  return stream_facts(broker_, stream_).map(&StreamFacts::last_sequence);
}

std::unique_ptr<Follower> JetStreamStore::follow(Sequence after) {
  return std::make_unique<JetStreamFollower>(unbuffered_, stream_, after, retention_);
}

}  // namespace vsim::eventstore
