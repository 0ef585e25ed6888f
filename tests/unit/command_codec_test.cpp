// Goal: whatever is published to vsim.cmd.> is either a command or said to be none; what the API
// writes is what a worker reads. Method: messages as the broker would store them, good and bad.

#include "schema/messages/command_codec.h"

#include <doctest/doctest.h>

#include "schema/messages/action_codec.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/command_envelope.h"
#include "schema/messages/command_identity.h"
#include "schema/messages/journal_copy.h"
#include "schema/messages/pool_codec.h"
#include "schema/messages/subjects.h"
#include "schema/messages/uuid.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;
using messages::decode_command;

namespace {

const std::string the_subject = messages::server_command(the_region, the_server);

eventstore::Message stored(std::string payload, eventstore::Headers headers = {},
                           std::string subject = the_subject) {
  const eventstore::Timestamp stored_at(std::chrono::nanoseconds(1'772'323'200'000'000'001));
  return {std::move(subject), 42, stored_at, std::move(headers), std::move(payload)};
}

Command command_of(const eventstore::Message& message) {
  const auto decoded = decode_command(message);
  REQUIRE_MESSAGE(decoded, decoded.error());
  return std::get<Command>(decoded->command);
}

std::string complaint_of(const std::string& json) {
  const auto create = messages::read_create(json);
  return create ? "" : create.error();
}

}  // namespace

TEST_CASE("a command by hand is a command: actor nats, an id from its place and time") {
  const auto stop = command_of(stored(R"({"type":"stop"})"));
  CHECK(std::holds_alternative<Stop>(stop.action));
  CHECK(stop.sequence == 42);
  CHECK(stop.origin.actor == "nats");
  CHECK(stop.region == the_region);
  CHECK(stop.server == the_server);
  CHECK(command_of(stored(R"({"type":"stop"})")).id == stop.id);
  auto later = stored(R"({"type":"stop"})");
  later.sequence = 43;
  CHECK(command_of(later).id != stop.id);
}

TEST_CASE("what cannot be read has an id all the same, unless it was given a wrong one") {
  const auto id = messages::command_id_of(stored("hello?"));
  REQUIRE(id);
  CHECK(*id == command_of(stored(R"({"type":"stop"})")).id);  // made from its place and time alone
  auto later = stored("hello?");
  later.stored_at += std::chrono::nanoseconds(1);
  CHECK(*messages::command_id_of(later) != *id);
  CHECK_FALSE(messages::command_id_of(stored("hello?", {{"Vsim-Command-Id", "17"}})));
}

TEST_CASE("copies of commands that had the same place at different times are distinguished") {
  const auto message_id = [](const eventstore::Message& command) {
    return std::string(find_header(messages::journal_headers(command), "Nats-Msg-Id"));
  };
  auto later = stored("{}");
  later.stored_at += std::chrono::nanoseconds(1);
  CHECK(message_id(stored("{}")) == message_id(stored("{}")));
  CHECK(message_id(stored("{}")) != message_id(later));
}

TEST_CASE("a copy from JOURNAL keeps the id of the original") {
  const auto original = command_of(stored(R"({"type":"stop"})"));
  auto copy = stored(R"({"type":"stop"})", {{"Nats-Sequence", "42"},
                                            {"Nats-Time-Stamp", "2026-03-01T00:00:00.000000001Z"}});
  copy.sequence = 99;
  copy.stored_at += std::chrono::hours(1);
  CHECK(command_of(copy).id == original.id);
  CHECK(decode_command(copy)->may_be_repeat);
}

TEST_CASE("what the API writes is what a worker reads") {
  auto create = a_create();
  create.profile = "ec2";
  create.idle_timeout = std::chrono::seconds(90);
  create.lease = std::chrono::hours(1);
  const auto id = messages::command_id_of_key("default", "key-1");
  const auto decoded =
      decode_command(stored(messages::encode_action(create), {{"Vsim-Command-Id", id.to_string()},
                                                              {"Nats-Msg-Id", id.to_string()},
                                                              {"Vsim-Request-Hash", "hash"},
                                                              {"Vsim-Actor", "api"},
                                                              {"Vsim-Correlation-Id", "request-9"},
                                                              {"Vsim-Reply-To", "_INBOX.x.1"}}));
  REQUIRE(decoded);
  const auto& read = std::get<Command>(decoded->command);
  CHECK(std::get<Create>(read.action) == create);
  CHECK(read.id == id);
  CHECK(read.request_hash == "hash");
  CHECK(read.origin == Origin{"api", "request-9"});
  CHECK(decoded->reply_to == "_INBOX.x.1");
  CHECK(decoded->may_be_repeat);  // a keyed command may have come before
}

TEST_CASE("a header that is no UTF-8 or holds control characters would make an event unreadable") {
  for (const auto* name : {"Vsim-Actor", "Vsim-Correlation-Id", "Vsim-Request-Hash"}) {
    for (const std::string value : {"a\xFF", "\xC3", "\xED\xA0\x80", "a\nb", "\xC2\x85"}) {
      CAPTURE(name);
      CHECK_FALSE(decode_command(stored(R"({"type":"stop"})", {{name, value}})));
    }
    CHECK(decode_command(stored(R"({"type":"stop"})", {{name, "\xC3\xBC"}})));
  }
}

TEST_CASE("in whose name a command comes is not lost to a typing error") {
  const auto account_of = [](const eventstore::Headers& headers) {
    auto all = headers;
    all.push_back({"Vsim-Command-Id", "6a1de0f8-0f6b-4f0e-9f5c-5a3fd4d6f1a1"});
    const auto decoded = decode_command(stored(R"({"type":"stop"})", all));
    return decoded ? "of " + std::get<Command>(decoded->command).origin.account : "poison";
  };
  CHECK(account_of({}) == "of ");
  CHECK(account_of({{"Vsim-Account", "team-b"}}) == "of team-b");
  CHECK(account_of({{"vsim-account", "team-b"}}) == "poison");
  CHECK(account_of({{"VSIM-Account", "team-b"}, {"Vsim-Account", "team-b"}}) == "poison");
  CHECK(account_of({{"Vsim-Account", "team-b"}, {"Vsim-Account", "team-b"}}) == "poison");
  CHECK(account_of({{"Vsim-Account", "Team"}}) == "poison");
}

TEST_CASE("a terminate is forced only with a reason, and what is written is what is read") {
  const auto terminate = [](const std::string& json) {
    return std::get<Terminate>(command_of(stored(json)).action);
  };
  CHECK(messages::encode_action(Terminate{}) == R"({"type":"terminate"})");
  const std::string forced = R"({"type":"terminate","force":true,"reason":"stuck \"since\" May"})";
  CHECK(messages::encode_action(Terminate{R"(stuck "since" May)"}) == forced);
  CHECK(terminate(forced) == Terminate{R"(stuck "since" May)"});
  CHECK(terminate(R"({"type":"terminate"})") == Terminate{});
  CHECK(terminate(R"({"type":"terminate","force":false,"reason":"x"})") == Terminate{});
  CHECK(terminate(R"({"type":"terminate","reason":"x"})") == Terminate{});
  for (const auto* wrong :
       {R"({"type":"terminate","force":true})", R"({"type":"terminate","force":true,"reason":""})",
        R"({"type":"terminate","force":true,"reason":7})",
        R"({"type":"terminate","force":true,"reason":"a\nb"})",
        R"({"type":"terminate","force":"yes","reason":"x"})"}) {
    CAPTURE(wrong);
    CHECK_FALSE(decode_command(stored(wrong)));
  }
  const auto of_length = [](std::size_t characters) {
    return decode_command(stored(messages::encode_action(Terminate{std::string(characters, 'x')})));
  };
  CHECK(of_length(messages::force_reason_characters_max));
  CHECK_FALSE(of_length(messages::force_reason_characters_max + 1));
}

TEST_CASE("outcomes are sent to inboxes and nowhere else") {
  const auto decoded =
      decode_command(stored(R"({"type":"stop"})", {{"Vsim-Reply-To", "vsim.cmd.x.y"}}));
  REQUIRE(decoded);
  CHECK(decoded->reply_to.empty());
}

TEST_CASE("a retry and a replay may be repeats, a first publish is none") {
  const auto id = messages::uuid_from_time();
  const auto repeat = [&](const std::string& message_id, const std::string& attempt) {
    return decode_command(stored(R"({"type":"stop"})", {{"Vsim-Command-Id", id.to_string()},
                                                        {"Nats-Msg-Id", message_id},
                                                        {"Vsim-Attempt", attempt}}))
        ->may_be_repeat;
  };
  CHECK_FALSE(repeat(id.to_string(), "1"));
  CHECK(repeat(id.to_string(), "2"));
  CHECK(repeat(id.to_string() + "-r1", "1"));
}

TEST_CASE("the versions that a command is meant for travel with it") {
  const auto versions_of = [](const eventstore::Headers& headers) {
    return command_of(stored(R"({"type":"stop"})", headers)).only_at;
  };
  CHECK_FALSE(versions_of({}));
  for (const std::vector<Version>& versions : {std::vector<Version>{5}, {5, 7}, {}}) {
    CHECK(versions_of({{"Vsim-Only-At", messages::encode_only_at(versions)}}) == versions);
  }
  for (const std::string wrong :
       {"", " ", "x", "5,x", "5 ", "-1", "5,,6", "5,", ",5", "None", "05", "+5", "00"}) {
    CAPTURE(wrong);
    CHECK_FALSE(decode_command(stored(R"({"type":"stop"})", {{"Vsim-Only-At", wrong}})));
  }
}

TEST_CASE("numbers in a command's headers are decimal, or it is poison: issue 12, 4") {
  for (const char* name : {"Vsim-Attempt", "Nats-Sequence"}) {
    CAPTURE(name);
    CHECK(decode_command(stored(R"({"type":"stop"})", {{name, "2"}})));
    for (const char* wrong : {"02", "-1", "+2", "2x", "x", " "}) {
      CAPTURE(wrong);
      const auto decoded = decode_command(stored(R"({"type":"stop"})", {{name, wrong}}));
      REQUIRE_FALSE(decoded);
      CHECK(decoded.error().find(name) != std::string::npos);
    }
  }
}

TEST_CASE("what is mistyped by hand is reported with what was meant: issue 12, 9") {
  struct Row {
    std::string subject;
    const char* payload;
    const char* expected;
  };
  const std::string pool = messages::pool_command(the_region);
  const std::string clock(messages::clock_command_subject);
  const std::string create = R"({"type":"create","name":"n","instance_type":"t2.micro",)";
  for (const auto& [subject, payload, expected] : std::initializer_list<Row>{
           {the_subject, R"({"type":"create","name":"n","instance_type":"t","tag":{"a":"b"}})",
            R"("tag" is not known here; the nearest name is "tags")"},
           {the_subject,
            R"({"type":"create","name":"n","instance_type":"t","tags":{"a":"","a":""}})",
            R"("a" is given twice)"},
           {the_subject, R"({"type":"create","type":"create","name":"n","instance_type":"t"})",
            R"("type" is given twice)"},
           {the_subject, R"({"type":"stop","force":true})",
            R"("force" is not known here; there is only "type")"},
           {the_subject, R"({"type":"terminate","forced":true,"reason":"x"})",
            R"(the nearest name is "force")"},
           {pool, R"({"type":"extend_pool","cidr":"10.0.0.0/24","regoin":"x"})",
            R"("regoin" is not known here)"},
           {pool, R"({"type":"extend_pool","cidr":"127.0.0.0/24"})", "127.0.0.0/8 (loopback"},
           {pool, R"({"type":"extend_pool","first":"223.255.255.255","last":"224.0.0.0"})",
            "224.0.0.0/4 (multicast"},
           {clock, R"({"type":"advance","seconds":1,"scale":2})",
            R"("scale" is not known here; the nearest name is)"},
           {clock, R"({"type":"scale","scale":2,"seconds":1})", R"("seconds" is not known here)"},
           {clock, R"({"type":"scale","scale":0.0000009})",
            R"("scale" is out of range: scale must be 0.000001 to 1000000)"}}) {
    CAPTURE(payload);
    const auto decoded = decode_command(stored(payload, {}, subject));
    REQUIRE_MESSAGE(decoded, decoded.error());
    CHECK(decoded->by_hand);
    CHECK_MESSAGE(decoded->complaint.starts_with(expected) == (expected[0] == '"'),
                  decoded->complaint);
    CHECK_MESSAGE(decoded->complaint.find(expected) != std::string::npos, decoded->complaint);
  }
  for (const auto* good : {R"("profile":"ec2"})", R"("tags":{"tag":"x"}})",
                           R"("idle_timeout_seconds":60.0})", R"("tags":null})"}) {
    CAPTURE(good);
    CHECK(decode_command(stored(create + good))->complaint.empty());
  }
}

TEST_CASE("a tag of vsim's own that is none of the list is complained of in what a person typed") {
  const auto decoded = [](const char* tags, const eventstore::Headers& headers) {
    return decode_command(stored(
        R"({"type":"create","name":"n","instance_type":"t","tags":)" + std::string(tags) + "}",
        headers));
  };
  const auto wrong = decoded(R"({"vsim:owner":"x"})", {});
  REQUIRE(wrong);
  CHECK(wrong->complaint.starts_with("there is no tag vsim:owner; "));
  CHECK(decoded(R"({"vsim:stop":"stuck"})", {})->complaint.empty());
  // A build that knew no such tags has taken it, and an id.
  const auto early = decoded(R"({"vsim:owner":"x"})",
                             {{"Vsim-Command-Id", "0191f3a4-7c1e-7d20-8b11-5a4c3e2f1a0b"}});
  REQUIRE(early);
  CHECK_FALSE(early->by_hand);
  CHECK(std::get<Create>(std::get<Command>(early->command).action).tags.at("vsim:owner") == "x");
}

TEST_CASE("numbers and scales that an older build took are read in commands that have an id") {
  const eventstore::Headers with_id = {{"Vsim-Command-Id", "0191f3a4-7c1e-7d20-8b11-5a4c3e2f1a0b"}};
  const auto early = decode_command(stored(R"({"type":"scale","scale":1e-300})", with_id,
                                           std::string(messages::clock_command_subject)));
  REQUIRE_MESSAGE(early, early.error());
  CHECK_FALSE(early->by_hand);
  CHECK(std::get<ClockCommand>(early->command).action == ClockAction(ScaleClock{1e-300}));
  const auto create = decode_command(stored(R"({"type":"create","name":"n","instance_type":"t",)"
                                            R"("idle_timeout_seconds":60.0})",
                                            with_id));
  REQUIRE_MESSAGE(create, create.error());
  CHECK_FALSE(create->by_hand);
  for (const char* scale : {"0", "-1", "1000001"}) {
    CAPTURE(scale);
    CHECK_FALSE(decode_command(stored(R"({"type":"scale","scale":)" + std::string(scale) + "}",
                                      with_id, std::string(messages::clock_command_subject))));
  }
}

TEST_CASE("a mistyped header of a command is reported too: issue 12, 9") {
  const auto complaint = [](const char* header) {
    return decode_command(stored(R"({"type":"stop"})", {{header, "5"}}))->complaint;
  };
  CHECK(complaint("Vsim-Only-At").empty());
  CHECK(complaint("Vsim-Dead-Sequence").empty());  // a letter that was put back as it is
  CHECK(complaint("X-Mine").empty());
  CHECK(decode_command(stored(R"({"type":"stop"})", {{"Vsim-Only-At", "5"}, {"Vsim-Only-At", "6"}}))
            ->complaint == "header Vsim-Only-At is given twice");
  for (const char* wrong : {"Vsim-OnlyAt", "vsim-only-at", "VSIM-Only-At", "Vsim-Only"}) {
    CAPTURE(wrong);
    CHECK(complaint(wrong).find("the nearest name is \"Vsim-Only-At\"") != std::string::npos);
  }
}

TEST_CASE("what an API of any age or JOURNAL brings is read, whatever else it holds: issue 12, 9") {
  const std::string mistyped = R"({"type":"stop","from_the_future":{"a":1,"a":2}})";
  const auto id = messages::uuid_from_time().to_string();
  const auto of_api = decode_command(stored(mistyped, {{"Vsim-Command-Id", id}}));
  const auto of_journal = decode_command(stored(
      mistyped, {{"Nats-Sequence", "42"}, {"Nats-Time-Stamp", "2026-03-01T00:00:00.000000001Z"}}));
  for (const auto* decoded : {&of_api, &of_journal}) {
    REQUIRE(*decoded);
    CHECK_FALSE((*decoded)->by_hand);
    CHECK_FALSE((*decoded)->complaint.empty());  // known, and held against nobody
    CHECK(std::holds_alternative<Stop>(std::get<Command>((*decoded)->command).action));
  }
  CHECK(decode_command(stored(R"({"type":"extend_pool","first":"127.0.0.1","last":"127.0.0.9"})",
                              {{"Vsim-Command-Id", id}}, messages::pool_command(the_region))));
}

TEST_CASE("poison is distinguished from commands") {
  CHECK_FALSE(decode_command(stored("")));
  CHECK_FALSE(decode_command(stored("stop")));
  CHECK_FALSE(decode_command(stored("[]")));
  CHECK_FALSE(decode_command(stored(std::string(60 * 1024, '\0'))));
  CHECK_FALSE(decode_command(stored(R"({"type":"explode"})")));
  CHECK_FALSE(decode_command(stored(R"({"type":7})")));
  CHECK_FALSE(decode_command(stored(std::string(100, '['))));
  CHECK_FALSE(decode_command(stored(R"({"type":"create","name":"x"})")));
  CHECK_FALSE(decode_command(stored(R"({"type":"stop"})", {{"Vsim-Command-Id", "no-uuid"}})));
  CHECK_FALSE(decode_command(stored(R"({"type":"stop"})", {{"Vsim-Actor", "a\nb"}})));
  for (const auto* subject :
       {"vsim.cmd.us-east-1.web", "vsim.cmd.US.11111111-2222-4333-8444-555555555555",
        "vsim.cmd.us-east-1.11111111-2222-4333-8444-55555555555A", "vsim.cmd.a", "vsim.cmd.a.b.c",
        "vsim.cmd._sim.clock"}) {
    CAPTURE(subject);
    CHECK_FALSE(decode_command(stored(R"({"type":"stop"})", {}, subject)));
  }
}

TEST_CASE("a create that is wrong is refused with what to change") {
  const std::string good = R"({"name":"web","type":"t2.micro"})";
  CHECK(complaint_of(good).empty());
  CHECK(complaint_of(R"({"type":"t2.micro"})") == "\"name\" must be a string");
  CHECK(complaint_of(R"({"name":5,"type":"t2.micro"})") == "\"name\" must be a string");
  CHECK(complaint_of(R"({"name":"","type":"t"})") ==
        "\"name\" must have 1 to 128 characters, it has 0");
  CHECK(complaint_of(R"({"name":"a\u0007","type":"t"})") ==
        "\"name\" must not hold control characters");
  CHECK(complaint_of(R"({"name":"a\u0085","type":"t"})") ==
        "\"name\" must not hold control characters");
  CHECK(complaint_of(R"({"name":"web"})") == "\"type\" must be a string");
  CHECK(complaint_of(R"({"name":"a","type":"t","tags":[1]})") == "\"tags\" must be an object");
  CHECK_FALSE(complaint_of(R"({"name":"a","type":"t","tags":{"k":1}})").empty());
  CHECK_FALSE(complaint_of(R"({"name":"a","type":"t","idle_timeout_seconds":-1})").empty());
  CHECK_FALSE(complaint_of(R"({"name":"a","type":"t","idle_timeout_seconds":315360001})").empty());
  CHECK(complaint_of(R"({"name":"a","type":"t","idle_timeout_seconds":315360000})").empty());
}

TEST_CASE("limits of a create hold at them and not one past them") {
  const auto named = [](std::size_t characters) {
    std::string name;
    for (std::size_t i = 0; i < characters; ++i) {
      name += "ä";  // two bytes each
    }
    return complaint_of(R"({"type":"t","name":")" + name + "\"}");
  };
  CHECK(named(messages::name_characters_max).empty());
  CHECK_FALSE(named(messages::name_characters_max + 1).empty());
  const auto tagged = [](std::size_t count) {
    std::string tags;
    for (std::size_t i = 0; i < count; ++i) {
      tags += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":\"v\"";
    }
    return complaint_of(R"({"name":"a","type":"t","tags":{)" + tags + "}}");
  };
  CHECK(tagged(messages::tags_max).empty());
  CHECK_FALSE(tagged(messages::tags_max + 1).empty());
}

TEST_CASE("a pool is extended by a network or by two ends") {
  const auto range = [](const char* json) { return messages::read_ranges(json)->front(); };
  CHECK(range(R"({"cidr":"10.0.0.0/24"})") ==
        AddressRange{*Ipv4::parse("10.0.0.1"), *Ipv4::parse("10.0.0.254")});
  // A network of two addresses or one has none to leave out (RFC 3021).
  CHECK(range(R"({"cidr":"10.0.0.8/30"})") ==
        AddressRange{*Ipv4::parse("10.0.0.9"), *Ipv4::parse("10.0.0.10")});
  CHECK(range(R"({"cidr":"10.0.0.8/31"})") ==
        AddressRange{*Ipv4::parse("10.0.0.8"), *Ipv4::parse("10.0.0.9")});
  CHECK(range(R"({"cidr":"10.0.0.8/32"})") ==
        AddressRange{*Ipv4::parse("10.0.0.8"), *Ipv4::parse("10.0.0.8")});
  CHECK(range(R"({"first":"10.0.0.9","last":"10.0.0.9"})").size() == 1);
  CHECK(range(R"({"cidr":"10.0.0.0/12"})").size() == pool_extension_addresses_max - 2);
  for (const auto* wrong : {R"({})",
                            R"({"cidr":"10.0.0.1/24"})",
                            R"({"cidr":"10.0.0.0/33"})",
                            R"({"cidr":"10.0.0.0"})",
                            R"({"cidr":"10.0.0.0/11"})",
                            R"({"first":"10.0.0.9"})",
                            R"({"first":"10.0.0.9","last":"10.0.0.8"})",
                            R"({"first":"10.0.0.300","last":"10.0.0.8"})",
                            R"({"cidr":"10.0.0.0/012"})",
                            R"({"cidr":"10.0.0.0/+24"})",
                            R"({"cidr":"10.0.0.0/ 24"})",
                            R"({"cidr":"10.0.0.0/24 "})",
                            R"({"cidr":"10.0.0.0/"})",
                            R"({"cidr":"010.0.0.0/24"})",
                            R"({"cidr":" 10.0.0.0/24"})",
                            R"({"first":"10.0.0.01","last":"10.0.0.9"})",
                            R"({"cidr":"10.0.0.0/24","first":"10.0.0.1","last":"10.0.0.2"})",
                            R"("x")",
                            R"({"cidr":"127.0.0.0/24"})",
                            R"({"cidr":"0.0.0.0/24"})",
                            R"({"cidr":"255.255.255.255/32"})",
                            R"({"cidr":"169.254.0.0/16"})",
                            R"({"first":"223.255.255.255","last":"224.0.0.0"})",
                            R"({"cidr":"10.0.0.0/24","type":"extend_pool"})",
                            R"({"Cidr":"10.0.0.0/24"})",
                            R"({"cidr":"10.0.0.0/24","cidr":"10.0.0.0/24"})"}) {
    CAPTURE(wrong);
    CHECK_FALSE(messages::read_ranges(wrong));
  }
  const auto text = messages::encode_extend_pool({range(R"({"cidr":"10.0.0.0/30"})")});
  CHECK(decode_command(stored(text, {}, messages::pool_command(the_region))));
}

TEST_CASE("a keyed id is the same for ever, and differs by account and key") {
  const auto id = messages::command_id_of_key("default", "order-7");
  CHECK(id.to_string() == messages::command_id_of_key("default", "order-7").to_string());
  CHECK(id.uuid.version() == 5);
  CHECK(id != messages::command_id_of_key("default", "order-8"));
  CHECK(id != messages::command_id_of_key("other", "order-7"));
  CHECK(messages::server_id_of_create(id) == messages::server_id_of_create(id));
  CHECK(messages::uuid_from_time().version() == 7);
  CHECK(messages::uuid_from_time() != messages::uuid_from_time());
}

TEST_CASE("RFC 9562's example of version 5 comes out") {
  const auto dns = *Uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  CHECK(messages::uuid_from_name(dns, "www.example.com").to_string() ==
        "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST_CASE("the shipped catalogue can be read, and a folder without one tells all that is missing") {
  const auto shipped = messages::load_catalogue(VSIM_SOURCE_DIR "/schema");
  REQUIRE(shipped);
  CHECK(shipped->regions.size() == 2);
  CHECK(shipped->regions.at({"eu-west-1"}).front().size() == 100);
  CHECK(shipped->instance_types.at("t2.medium") == HourlyRate{400});
  for (const auto* name : {"standard", "instant", "ec2", "seed", "flaky", "spot"}) {
    CHECK(shipped->profiles.contains(name));
  }
  const auto missing = messages::load_catalogue("/nowhere");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().size() == 3);
}
