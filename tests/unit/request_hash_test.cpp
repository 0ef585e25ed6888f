// Goal: a command that is not what its id was given to is recognised, and no other one is. Method:
// what the API publishes, with parts of another command in it.

#include "schema/messages/request_hash.h"

#include <doctest/doctest.h>

#include "schema/messages/action_codec.h"
#include "schema/messages/clock_codec.h"
#include "schema/messages/command_codec.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/subjects.h"
#include "schema/messages/uuid.h"
#include "tests/unit/server_fixture.h"

namespace vsim::messages {
namespace {

const ServerId server = fixture::the_server;
const Region region = fixture::the_region;

struct Asked {
  std::string method;
  std::string path;
  std::string subject;
  std::string payload;
  std::string before = {};  // the payload, in the hash
};

eventstore::Message published(const Asked& asked, const std::string& match = {}) {
  eventstore::Message message;
  message.subject = asked.subject;
  message.sequence = 7;
  message.payload = asked.payload;
  const auto id = uuid_from_time().to_string();
  message.headers = {{"Vsim-Command-Id", id},
                     {"Nats-Msg-Id", id},
                     {"Vsim-Request-Hash",
                      request_hash(asked.method, asked.path, asked.before + asked.payload, match)}};
  if (!match.empty()) {
    message.headers.push_back({"Vsim-Only-At", "3"});
    message.headers.push_back({"Vsim-If-Match", match});
  }
  return message;
}

Asked action(const std::string& type) {
  return {"POST", "/servers/" + server.to_string() + "/action", server_command(region, server),
          "{\"type\":\"" + type + "\"}"};
}

std::vector<Asked> all_requests() {
  Create create = fixture::a_create();
  return {{"POST", "/servers", server_command(region, server), encode_action(create),
           region.name + "\n"},
          action("start"),
          action("stop"),
          action("reboot"),
          action("terminate"),
          {"DELETE", "/servers/" + server.to_string(), server_command(region, server),
           encode_action(Terminate{})},
          {"POST", "/servers/" + server.to_string() + "/lease", server_command(region, server),
           encode_action(ExtendLease{std::chrono::minutes(10)})},
          {"POST", "/servers/" + server.to_string() + "/release", server_command(region, server),
           encode_action(Release{})},
          {"POST", "/warm-pools/ci/acquire", server_command(region, server),
           encode_action(Acquire{.name = {}, .tags = {}, .lease = {}, .pool = "ci"})},
          {"POST", "/regions/us-east-1/addresses", pool_command({"us-east-1"}),
           R"({"type":"extend_pool","first":"10.0.0.1","last":"10.0.0.9"})"},
          {"POST", "/clock", std::string(clock_command_subject),
           encode_clock_action(AdvanceClock{std::chrono::hours(1)})}};
}

std::string error_of(const eventstore::Message& message) {
  const auto decoded = decode_command(message);
  return decoded ? "" : decoded.error();
}

TEST_CASE("the hash tells method, path and payload apart") {
  const auto hash = request_hash("POST", "/servers", "{}");
  CHECK(hash == "c19e11a171ea0b928e590e81d4f0b4915a6b2cbda20fe6a6123448eb83819ee4");
  CHECK(hash == request_hash("POST", "/servers", "{}"));
  CHECK(hash != request_hash("POST", "/servers", "{ }"));
  CHECK(hash != request_hash("PUT", "/servers", "{}"));
  CHECK(hash != request_hash("POST", "/server", "{}"));
}

TEST_CASE("the hash tells what If-Match asks for, and without it is what it was (12.10)") {
  const auto hash = request_hash("POST", "/servers", "{}");
  CHECK(hash == request_hash("POST", "/servers", "{}", ""));
  const auto conditional = request_hash("POST", "/servers", "{}", "\"1\"");
  CHECK(hash != conditional);
  CHECK(conditional == request_hash("POST", "/servers", "{}", "\"1\""));
  CHECK(conditional != request_hash("POST", "/servers", "{}", "\"2\""));
}

TEST_CASE("what the API publishes fits its hash, whatever it is; another payload does not") {
  for (const auto& asked : all_requests()) {
    CAPTURE(asked.method + " " + asked.path + " " + asked.payload);
    auto message = published(asked);
    CHECK(error_of(message) == "");
    for (const auto& other : all_requests()) {
      if (other.subject != asked.subject || other.payload == asked.payload) {
        continue;
      }
      message.payload = other.payload;
      CHECK(error_of(message).find("does not fit Vsim-Request-Hash") != std::string::npos);
    }
  }
}

TEST_CASE("a command under another server's subject does not fit its hash") {
  auto message = published(action("stop"));
  ServerId other = server;
  other.uuid.bytes[0] ^= 1;
  message.subject = server_command(region, other);
  CHECK_FALSE(error_of(message).empty());
}

TEST_CASE("a condition is part of what was asked; of an older build's it is not known") {
  auto message = published(action("stop"), "\"3\"");
  CHECK(error_of(message) == "");
  message.payload = action("reboot").payload;
  CHECK_FALSE(error_of(message).empty());
  message.headers.pop_back();  // as an older build sent it
  CHECK(error_of(message) == "");
  message.headers.pop_back();  // and its condition is lost
  CHECK_FALSE(error_of(message).empty());
}

TEST_CASE("the attempts of a request have ids of their own, the same each time") {
  const CommandId request{uuid_from_time()};
  CHECK(command_id_of_attempt(request, 1) == request);
  CHECK(command_id_of_attempt(request, 2) == command_id_of_attempt(request, 2));
  CHECK(command_id_of_attempt(request, 2) != command_id_of_attempt(request, 3));
  CHECK(command_id_of_attempt(request, 2) != command_id_of_attempt({uuid_from_time()}, 2));
}

TEST_CASE("without a hash, or with a text that is none, there is nothing to fit") {
  auto message = published(action("stop"));
  const auto hash = message.headers.back().value;
  message.payload = action("reboot").payload;
  for (const auto& text : {std::string("hash"), hash.substr(1), hash + "0", "A" + hash.substr(1)}) {
    CAPTURE(text);
    message.headers.back().value = text;
    CHECK(error_of(message) == "");
  }
  message.headers.pop_back();
  CHECK(error_of(message) == "");
}

TEST_CASE("a copy from JOURNAL, a retry and a replay fit as the first copy does") {
  auto message = published(action("stop"));
  message.headers.push_back({"Vsim-Attempt", "2"});
  message.headers.push_back({"Nats-Sequence", "7"});
  message.headers.push_back({"Nats-Time-Stamp", "2026-03-01T00:00:00.000000001Z"});
  CHECK(error_of(message) == "");
}

TEST_CASE("an id that has an outcome of another type or hash was given to another command") {
  const Cause stop{{uuid_from_time()}, 5, "a", "stop"};
  Cause other = stop;
  other.sequence = 9;
  CHECK_FALSE(find_misfit(stop, other));
  other.request_hash = "b";
  CHECK(find_misfit(stop, other)->find("another stop") != std::string::npos);
  other.request_hash = "";
  CHECK_FALSE(find_misfit(stop, other));
  other.type = "reboot";
  CHECK(find_misfit(stop, other)->find("a stop") != std::string::npos);
}

TEST_CASE("what has an id and no message id of its own may have come before") {
  auto message = published(action("stop"));
  CHECK_FALSE(decode_command(message)->may_be_repeat);
  message.headers.erase(message.headers.begin() + 1);
  CHECK(decode_command(message)->may_be_repeat);
  message.headers.clear();  // typed by hand: its id is its own
  CHECK_FALSE(decode_command(message)->may_be_repeat);
}

}  // namespace
}  // namespace vsim::messages
