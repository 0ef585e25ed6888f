#include "tests/benchmark/time_travel.h"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <simdjson.h>

#include "tests/benchmark/ask.h"
#include "tests/benchmark/bill_fold.h"

namespace vsim::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int rounds = 10;
constexpr std::size_t unanswered_max = 512;  // publishes under way
constexpr std::size_t events_at_once = 1000;
constexpr hours days_of_a_round{3 * 24};
constexpr minutes stopped_for{10};  // below the idle timeout

/// The servers of a run begin alike, so that it can be repeated on a system that has others.
std::string prefix_of_run() {
  return fmt::format("{:08x}-", Clock::now().time_since_epoch().count() & 0xffffffff);
}

/// The sum over the servers of a bill by server whose ids begin with `prefix`; nothing when the
/// document is not what it should be.
std::optional<std::int64_t> rate_seconds_of(const std::string& bill, std::string_view prefix) {
  simdjson::dom::parser parser;
  simdjson::dom::array items;
  if (parser.parse(bill)["items"].get(items) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  std::int64_t sum = 0;
  for (const simdjson::dom::element item : items) {
    std::string_view server;
    std::int64_t part = 0;
    if (item["server"].get(server) != simdjson::SUCCESS ||
        item["rate_seconds"].get(part) != simdjson::SUCCESS) {
      return std::nullopt;
    }
    sum += server.starts_with(prefix) ? part : 0;
  }
  return sum;
}

/// Publishes with many answers under way, and notes what was refused.
class Publisher {
 public:
  Publisher(const Connection& connection, Report& report)
      : connection_(connection),
        report_(report),
        inbox_(new_inbox()),
        answers_(subscribe(*connection, inbox_)) {}

  void publish(const std::string& subject, std::string_view body) {
    check(natsConnection_PublishRequest(connection_.get(), subject.c_str(), inbox_.c_str(),
                                        body.data(), static_cast<int>(body.size())),
          "publish");
    if (++under_way_ == unanswered_max) {
      take_answer();
    }
  }

  void finish() {
    while (under_way_ > 0) {
      take_answer();
    }
  }

 private:
  void take_answer() {
    const NatsMessage answer = next_message(answers_, seconds(10));
    if (!answer) {
      throw std::runtime_error("the broker does not answer");
    }
    --under_way_;
    const std::string_view text(natsMsg_GetData(answer.get()),
                                static_cast<std::size_t>(natsMsg_GetDataLength(answer.get())));
    if (text.find("\"error\"") != std::string_view::npos) {
      report_.error("a command was refused: " + std::string(text));
    }
  }

  const Connection& connection_;
  Report& report_;
  std::string inbox_;
  Subscription answers_;
  std::size_t under_way_ = 0;
};

/// Feeds every message of EVENTS to `fold`, in order.
void read_events(const Connection& connection, BillFold& fold) {
  const std::string created =
      request(connection, "$JS.API.CONSUMER.CREATE.EVENTS",
              R"({"stream_name":"EVENTS","config":{"deliver_policy":"all","ack_policy":"none",)"
              R"("inactive_threshold":30000000000}})");
  const std::string name = member_of(created, "name");
  if (name.empty()) {
    throw std::runtime_error("EVENTS cannot be read: " + created);
  }
  const std::string inbox = new_inbox();
  const Subscription messages = subscribe(*connection, inbox);
  const std::string next = "$JS.API.CONSUMER.MSG.NEXT.EVENTS." + name;
  const std::string pull = fmt::format(R"({{"batch":{},"no_wait":true}})", events_at_once);
  for (bool more = true; more;) {
    check(natsConnection_PublishRequestString(connection.get(), next.c_str(), inbox.c_str(),
                                              pull.c_str()),
          "pull");
    for (std::size_t taken = 0; taken < events_at_once; ++taken) {
      const NatsMessage message = next_message(messages, seconds(10));
      const char* status = nullptr;
      more = message && natsMsgHeader_Get(message.get(), "Status", &status) != NATS_OK;
      if (!more) {
        break;  // no more of them, or no answer: the count will tell
      }
      fold.add({natsMsg_GetData(message.get()),
                static_cast<std::size_t>(natsMsg_GetDataLength(message.get()))});
    }
  }
}

}  // namespace

TimeTravel::TimeTravel(const Options& options, Report& report)
    : options_(options),
      report_(report),
      connection_(connect(options.nats_url, false)),
      prefix_(prefix_of_run()) {
  for (std::size_t i = 0; i < options.servers; ++i) {
    servers_.push_back(fmt::format("{}0000-4000-8000-{:012x}", prefix_, i));
  }
}

void TimeTravel::run() {
  const std::string from = member_of(ask(options_.api, "GET", "/clock").body, "now");
  const auto began = Clock::now();
  send_to_all(R"({"type":"create","name":"bench-time","instance_type":"t2.micro"})");
  bool went_well = advance(minutes(1));
  for (int round = 0; round < rounds && went_well; ++round) {
    send_to_all(R"({"type":"stop"})");
    went_well = advance(stopped_for);
    send_to_all(R"({"type":"start"})");
    went_well = went_well && advance(days_of_a_round - stopped_for);
  }
  const std::chrono::duration<double> took = Clock::now() - began;
  const std::string to = member_of(ask(options_.api, "GET", "/clock").body, "now");
  check_bill(from, to, took.count());
}

void TimeTravel::send_to_all(std::string_view command) {
  Publisher publisher(connection_, report_);
  for (const std::string& server : servers_) {
    publisher.publish("vsim.cmd.us-east-1." + server, command);
  }
  publisher.finish();
  commands_ += servers_.size();
  wait_until_carried_out();
}

void TimeTravel::wait_until_carried_out() {
  const auto give_up = Clock::now() + minutes(5);
  while (member_of(request(connection_, "$JS.API.STREAM.INFO.COMMANDS", ""), "messages") != "0") {
    if (Clock::now() > give_up) {
      throw std::runtime_error("commands are not carried out");
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
}

bool TimeTravel::advance(seconds by) {
  const auto answer =
      ask(options_.api, "POST", "/clock", fmt::format(R"({{"advance_seconds":{}}})", by.count()),
          "Prefer: wait=60\r\n");
  report_.errors_of("POST /clock", answer.result);
  if (answer.status != 200) {
    report_.error(fmt::format("POST /clock: {} {}", answer.status, answer.body));
  }
  return answer.status == 200;
}

void TimeTravel::check_bill(const std::string& from, const std::string& to, double took) {
  const auto bill =
      ask(options_.api, "GET", fmt::format("/billing?from={}&to={}&group_by=server", from, to));
  const auto through = parse_moment(to);
  if (bill.status != 200 || !through) {
    report_.error(fmt::format("GET /billing to {}: {} {}", to, bill.status, bill.body));
    return;
  }
  const auto billed = rate_seconds_of(bill.body, prefix_);
  BillFold fold(*through, prefix_);
  read_events(connection_, fold);
  if (!fold.error().empty()) {
    report_.error("EVENTS: " + fold.error());
  }
  const bool equal =
      billed == fold.rate_seconds() && fold.servers() == servers_.size() && fold.rate_seconds() > 0;
  if (!equal) {
    report_.error(fmt::format("the bill says {} rate seconds, the events of {} servers {}",
                              billed.value_or(-1), fold.servers(), fold.rate_seconds()));
  }
  const double days =
      rounds * std::chrono::duration<double, std::ratio<86400>>(days_of_a_round).count();
  report_.begin("Time: 30 days of a fleet, each server stopped and started ten times", {"", ""});
  report_.row({"servers", std::to_string(servers_.size())});
  report_.row({"commands", std::to_string(commands_)});
  report_.row({"events", std::to_string(fold.events())});
  report_.row({"seconds", fmt::format("{:.1f}", took)});
  report_.row({"simulated days per second", fmt::format("{:.2f}", days / took)});
  report_.row(
      {"events per second", fmt::format("{:.0f}", static_cast<double>(fold.events()) / took)});
  report_.row({"bill, USD", fmt::format("{:.4f}", static_cast<double>(billed.value_or(0)) / 36e6)});
  report_.row({"bill = fold of EVENTS", equal ? "yes" : "NO"});
}

}  // namespace vsim::bench
