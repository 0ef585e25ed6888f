#include "eventstore/chain_append.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "eventstore/api_reply.h"
#include "eventstore/append_wire.h"

namespace vsim::eventstore {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// What the message is to its chain, as ADR-50 numbers it.
enum class ChainStep { start = 0, append = 1, append_and_end = 2 };

// An answer is wanted every so many messages; a chain is shorter, so only its end is told.
constexpr std::size_t answers_every = 1000;
static_assert(chain_messages_max < answers_every);

ChainEnd unknown_end(std::string detail) {
  return {0, 0, Error{Error::Kind::unknown, std::move(detail)}};
}

}  // namespace

ChainAppend::ChainAppend(Broker& broker, ReplyCollector& collector, std::span<const Chain> chains)
    : broker_(broker), collector_(collector), chains_(chains) {
  for (const auto& chain : chains_) {
    assert(!chain.empty() && chain.size() <= chain_messages_max);
    open_.push_back({.size = chain.size(), .ended = false, .refused = {}, .end = {}});
  }
}

std::vector<ChainEnd> ChainAppend::run(const NewId& new_id, std::chrono::milliseconds wait) {
  const auto give_up = SteadyClock::now() + wait;
  const bool connected = broker_.connected();
  if (connected) {
    collector_.begin();
    for (std::size_t i = 0; i < chains_.size(); ++i) {
      send(i, new_id);
    }
  }
  while (connected && ended_ < open_.size()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(give_up - SteadyClock::now());
    if (left <= 0ms) {
      break;
    }
    const auto reply = collector_.next(left);
    if (!reply) {
      break;
    }
    read(*reply);
  }
  std::vector<ChainEnd> ends;
  for (auto& chain : open_) {
    if (!connected) {
      chain.end.error = Error{Error::Kind::unavailable, "not connected to the broker"};
    } else if (!chain.ended) {
      chain.end = unknown_end("no answer in time");
    }
    ends.push_back(std::move(chain.end));
  }
  return ends;
}

void ChainAppend::send(std::size_t index, const NewId& new_id) {
  const Chain chain = chains_[index];
  const auto reply_to = collector_.reply_to(index);
  if (chain.size() == 1) {
    const auto& only = chain.front();
    return broker_.publish(only.subject, only.payload, wire_headers(only), reply_to);
  }
  const auto id = new_id();
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const auto step = i == 0                  ? ChainStep::start
                      : i + 1 == chain.size() ? ChainStep::append_and_end
                                              : ChainStep::append;
    const auto place = fmt::format("{}.{}.{}.fail.{}.{}.$FI", reply_to, id, answers_every, i + 1,
                                   static_cast<int>(step));
    broker_.publish(chain[i].subject, chain[i].payload, wire_headers(chain[i]), place);
  }
}

void ChainAppend::read(const Received& reply) {
  const auto index = collector_.index_of(reply);
  if (!index || *index >= open_.size() || open_[*index].ended) {
    return;
  }
  auto& chain = open_[*index];
  if (chain.size == 1) {
    read_lone(chain, reply);
  } else {
    read_answer(chain, reply);
  }
}

void ChainAppend::read_lone(Open& chain, const Received& reply) {
  const auto stored = read_append_reply(reply);
  end(chain, stored ? ChainEnd{1, *stored, {}} : ChainEnd{0, 0, stored.error()});
}

// A refusal of a later message comes as `err`, and then the end, which counts what is stored. Of
// the first message it comes alone, like that of a publish; what was sent behind it is then of an
// unknown chain.
void ChainAppend::read_answer(Open& chain, const Received& reply) {
  if (auto error = error_without_stream(reply)) {
    return end(chain, {0, 0, std::move(error)});
  }
  const auto answer = read_api_reply(reply.payload);
  if (answer.type == "ack") {
    return;
  }
  if (answer.type == "gap") {
    chain.refused = Error{Error::Kind::unknown, "a message of the chain got lost on its way"};
    return;
  }
  if (answer.type == "err" && answer.error) {
    chain.refused = append_error(*answer.error);
    return;
  }
  if (answer.error && answer.error->err_code == api_error::unknown_chain) {
    return end(chain, unknown_end("the broker has forgotten the chain"));
  }
  if (answer.error) {
    // Only the first message's refusal says that nothing is stored.
    const bool is_first = reply.subject.ends_with(".1.0.$FI");
    return end(chain, is_first ? ChainEnd{0, 0, append_error(*answer.error)}
                               : unknown_end(answer.error->description));
  }
  ChainEnd found{std::min<std::size_t>(answer.count, chain.size), answer.sequence, chain.refused};
  if (found.stored < chain.size && !found.error) {
    found.error = Error{Error::Kind::unknown, "the chain has ended early"};
  }
  end(chain, std::move(found));
}

void ChainAppend::end(Open& chain, ChainEnd found) {
  chain.end = std::move(found);
  chain.ended = true;
  ++ended_;
}

}  // namespace vsim::eventstore
