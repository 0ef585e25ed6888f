#include "eventstore/streams.h"

#include <algorithm>
#include <chrono>
#include <string>

#include <fmt/format.h>
#include <simdjson.h>

#include "eventstore/api_reply.h"
#include "eventstore/broker_facts.h"

namespace vsim::eventstore {
namespace {

namespace dom = simdjson::dom;

struct Answer {
  std::string json;
  int err_code = 0;
  std::string description;
};

Result<Answer> ask(const Broker& broker, const std::string& subject, const std::string& request) {
  auto reply = broker.request(subject, request);
  if (!reply) {
    return tl::unexpected(reply.error());
  }
  Answer answer{std::move(reply->payload), 0, {}};
  if (const auto parsed = read_api_reply(answer.json); parsed.error) {
    answer.err_code = parsed.error->err_code;
    answer.description = parsed.error->description;
  }
  return answer;
}

Result<void> check(const Result<Answer>& answer, const std::string& what) {
  if (!answer) {
    return fail(answer.error().kind, what + ": " + answer.error().detail);
  }
  if (answer->err_code != 0) {
    return fail(Error::Kind::refused,
                fmt::format("{}: {} ({})", what, answer->description, answer->err_code));
  }
  return {};
}

// Sequences only ever grow, also when a queue was lost and is made anew: a stream cannot take more
// than one message a microsecond for years. Only a purge beyond the end takes it further.
Result<std::string> with_first_sequence(std::string config, Timestamp now,
                                        const FirstSequence& above_log) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  const auto above = above_log ? above_log() : Result<Sequence>(0);
  if (!above) {
    return tl::unexpected(above.error());
  }
  const auto first = std::max(static_cast<Sequence>(us.count()), *above);
  config.insert(1, fmt::format(R"("first_seq":{},)", first));
  return config;
}

Result<void> ensure_stream(const Broker& broker, const dom::element& config,
                           const std::string& log_stream, const FirstSequence& above_log) {
  std::string_view name;
  std::string_view retention;
  if (config["name"].get(name) != simdjson::SUCCESS) {
    return fail(Error::Kind::refused, "a stream without a name");
  }
  const bool is_queue =
      config["retention"].get(retention) == simdjson::SUCCESS && retention == "workqueue";
  const std::string stream(name);
  std::string json = simdjson::minify(config);

  const auto info = ask(broker, "$JS.API.STREAM.INFO." + stream, "");
  if (!info) {
    return tl::unexpected(info.error());
  }
  if (info->err_code == 0) {
    return check(ask(broker, "$JS.API.STREAM.UPDATE." + stream, json), "stream " + stream);
  }
  if (info->err_code != api_error::stream_not_found) {
    return check(info, "stream " + stream);
  }
  if (is_queue) {
    const auto log = stream_facts(broker, log_stream);
    if (!log) {
      return tl::unexpected(log.error());  // an unknown log must not count as an empty one
    }
    if (log->last_sequence > 0) {
      auto anew = with_first_sequence(std::move(json), log->answered_at, above_log);
      if (!anew) {
        return tl::unexpected(anew.error());
      }
      json = std::move(*anew);
    }
  }
  return check(ask(broker, "$JS.API.STREAM.CREATE." + stream, json), "stream " + stream);
}

Result<void> ensure_consumer(const Broker& broker, const dom::element& consumer) {
  std::string_view stream;
  std::string_view name;
  if (consumer["stream_name"].get(stream) != simdjson::SUCCESS ||
      consumer["config"]["durable_name"].get(name) != simdjson::SUCCESS) {
    return fail(Error::Kind::refused, "a consumer without stream_name or durable_name");
  }
  const auto subject = fmt::format("$JS.API.CONSUMER.CREATE.{}.{}", stream, name);
  return check(ask(broker, subject, simdjson::minify(consumer)), fmt::format("consumer {}", name));
}

// Whether what the broker says holds all that is wanted; it leaves out what is false or 0.
bool holds(const dom::element& wanted, simdjson::simdjson_result<dom::element> found) {
  dom::element value;
  if (found.get(value) != simdjson::SUCCESS) {
    const auto text = std::string(simdjson::minify(wanted));
    return text == "false" || text == "0";
  }
  dom::object members;
  if (wanted.get(members) != simdjson::SUCCESS) {
    return std::string(simdjson::minify(wanted)) == std::string(simdjson::minify(value));
  }
  return std::all_of(members.begin(), members.end(), [&](const dom::key_value_pair& member) {
    return holds(member.value, value[member.key]);
  });
}

std::string text_at(const dom::element& root, std::string_view pointer) {
  std::string_view text;
  if (root.at_pointer(pointer).get(text) != simdjson::SUCCESS) {
    return {};
  }
  return std::string(text);
}

using Differences = std::vector<StreamDifference>;

// Compares one configuration with the answer to `subject`, an info request.
Result<void> compare(const Broker& broker, const std::string& subject, const std::string& stream,
                     const std::string& of, const dom::element& wanted, Differences& differences) {
  const auto info = ask(broker, subject, "");
  if (!info) {
    return tl::unexpected(info.error());
  }
  if (info->err_code != 0) {
    differences.push_back({stream, of + info->description});
    return {};
  }
  dom::parser parser;
  dom::element root;
  dom::object config;
  if (wanted.get(config) != simdjson::SUCCESS ||
      parser.parse(info->json).get(root) != simdjson::SUCCESS) {
    return fail(Error::Kind::unknown, "no JSON: the definition, or the broker's answer");
  }
  for (const auto [key, value] : config) {
    const auto found = root["config"][key];
    if (holds(value, found)) {
      continue;
    }
    dom::element is;
    const auto text = found.get(is) == simdjson::SUCCESS ? std::string(simdjson::minify(is))
                                                         : std::string("not set");
    differences.push_back({stream, fmt::format("{}{} is {}, not {}", of, std::string(key), text,
                                               std::string(simdjson::minify(value)))});
  }
  return {};
}

}  // namespace

Result<Differences> stream_differences(const Broker& broker, std::string_view definition) {
  dom::parser parser;
  dom::element root;
  dom::array streams;
  dom::array consumers;
  if (parser.parse(definition.data(), definition.size()).get(root) != simdjson::SUCCESS ||
      root["streams"].get(streams) != simdjson::SUCCESS ||
      root["consumers"].get(consumers) != simdjson::SUCCESS) {
    return fail(Error::Kind::refused, "the streams' definition cannot be read");
  }
  Differences differences;
  for (const auto stream : streams) {
    const auto name = text_at(stream, "/name");
    const auto subject = "$JS.API.STREAM.INFO." + name;
    if (auto ok = compare(broker, subject, name, "", stream, differences); !ok) {
      return tl::unexpected(ok.error());
    }
  }
  for (const auto consumer : consumers) {
    const auto stream = text_at(consumer, "/stream_name");
    const auto name = text_at(consumer, "/config/name");
    const auto subject = fmt::format("$JS.API.CONSUMER.INFO.{}.{}", stream, name);
    dom::element config;
    if (consumer["config"].get(config) != simdjson::SUCCESS) {
      continue;  // nothing is wanted of it
    }
    if (auto ok = compare(broker, subject, stream, "consumer " + name + ": ", config, differences);
        !ok) {
      return tl::unexpected(ok.error());
    }
  }
  return differences;
}

Result<void> ensure_streams(const Broker& broker, std::string_view definition,
                            const std::string& log_stream, const FirstSequence& above_log) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(definition.data(), definition.size()).get(root) != simdjson::SUCCESS) {
    return fail(Error::Kind::refused, "the streams' definition is no JSON");
  }
  dom::array streams;
  dom::array consumers;
  if (root["streams"].get(streams) != simdjson::SUCCESS ||
      root["consumers"].get(consumers) != simdjson::SUCCESS) {
    return fail(Error::Kind::refused, R"(the streams' definition lacks "streams" or "consumers")");
  }
  // The log first: whether it is empty decides how a lost queue is made anew.
  for (const bool log : {true, false}) {
    for (const auto stream : streams) {
      std::string_view name;
      if (stream["name"].get(name) == simdjson::SUCCESS && (name == log_stream) != log) {
        continue;
      }
      if (auto ok = ensure_stream(broker, stream, log_stream, above_log); !ok) {
        return ok;
      }
    }
  }
  for (const auto consumer : consumers) {
    if (auto ok = ensure_consumer(broker, consumer); !ok) {
      return ok;
    }
  }
  return {};
}

}  // namespace vsim::eventstore
