// Goal: whose a server is, and in whose name a command comes, decide together; what is of another
// account is to a command as if it were not there. Method: each action in the name of each account
// on a server of another, of the same, and in nobody's name, as a table; events and rows of each.

#include <doctest/doctest.h>

#include "domain/account.h"
#include "schema/messages/event_codec.h"
#include "schema/read_model/projection_batch.h"
#include "tests/unit/server_fixture.h"

using namespace vsim;
using namespace vsim::fixture;

namespace {

Command in_name_of(const std::string& account, Action action) {
  Command one = command(std::move(action));
  one.origin.account = account;
  return one;
}

State created_for(const std::string& account) {
  return after({}, decide({}, in_name_of(account, a_create()), at(0), context()).events);
}

std::optional<Rejection> rejection_of(const Decision<Event>& decision) {
  const auto* rejected = std::get_if<Rejection>(&decision.verdict);
  return rejected == nullptr ? std::nullopt : std::optional(*rejected);
}

/// The account of the operation's row, and of the event's origin as the log has it.
std::pair<std::string, std::string> accounts_of(const State& before,
                                                const Decision<Event>& decision) {
  const auto& event = decision.events.back();
  const auto state = after(before, decision.events);
  const auto text = messages::encode(event, state);
  const auto logged = messages::decode_event(
      {.subject = "vsim.evt.server." + event.region.name + "." + event.server.to_string(),
       .headers = {},
       .payload = text});
  REQUIRE_MESSAGE(logged, logged.error());
  const auto& read = std::get<messages::ServerLogged>(*logged);
  CHECK(read.event == event);
  return {read_model::operation_row(read.event, read.state, 1).account, event.origin.account};
}

}  // namespace

TEST_CASE("a create's server is of the account in whose name it comes") {
  for (const std::string account : {"team-a", "default", ""}) {
    CAPTURE(account);
    const auto decision = decide({}, in_name_of(account, a_create()), at(0), context());
    const auto state = after({}, decision.events);
    const std::string owner = account.empty() ? "default" : account;
    REQUIRE(state.server);
    CHECK(state.server->blueprint.account == owner);
    CHECK(accounts_of({}, decision) == std::pair{owner, std::string()});
  }
}

TEST_CASE("a command finds the servers of its own account; in nobody's name all") {
  for (const std::string owner : {"team-a", "default"}) {
    const State state = created_for(owner);
    for (const std::string sender : {"team-a", "team-b", "default", ""}) {
      for (const Action& action : {Action(Start{}), Action(Stop{}), Action(Reboot{}),
                                   Action(Terminate{}), Action(Terminate{"stuck"})}) {
        CAPTURE(owner);
        CAPTURE(sender);
        CAPTURE(command_type(action));
        auto one = in_name_of(sender, action);
        // Nothing tells that the server is there: neither its region nor its version.
        one.only_at = std::vector<Version>{77};
        const bool finds = sender.empty() || sender == owner;
        if (!finds) {
          one.region = Region{"eu-west-1"};
        } else {
          one.only_at.reset();
        }
        const auto decision = decide(state, one, at(100), context());
        const auto unknown = rejection_of(decide({}, one, at(100), context()));
        const auto rejection = rejection_of(decision);
        REQUIRE(unknown);
        if (!finds) {
          REQUIRE(rejection);
          CHECK(rejection == unknown);
        } else {
          CHECK((!rejection || rejection->code == RejectionCode::invalid_transition));
        }
        CHECK(accounts_of(state, decision) ==
              std::pair{finds ? owner : sender, finds ? std::string() : sender});
      }
    }
  }
}

TEST_CASE(
    "an outcome on a subject without a server, or of a janitor, is of the command's account") {
  const auto refused = decide({}, in_name_of("team-a", Stop{}), at(0), context());
  CHECK(accounts_of({}, refused) == std::pair<std::string, std::string>{"team-a", "team-a"});
  const auto of_default = decide({}, in_name_of("default", Stop{}), at(0), context());
  CHECK(accounts_of({}, of_default) == std::pair<std::string, std::string>{"default", ""});

  const State state = created_for("team-a");
  for (const auto& [sender, written] :
       {std::pair<std::string, std::string>{"team-a", ""}, {"default", "default"}, {"", ""}}) {
    CAPTURE(sender);
    const auto summary = summary_of(in_name_of(sender, Stop{}));
    const Decision<Event> purged{decide_outcome(state, summary, CommandPurged{}, at(9)),
                                 Succeeded{}};
    CHECK(accounts_of(state, purged) ==
          std::pair{sender.empty() ? std::string("team-a") : sender, written});
  }
}

TEST_CASE("a create for an id that is a server's stays its sender's") {
  const State state = created_for("team-a");
  for (const std::string sender : {"team-b", "default", "", "team-a"}) {
    CAPTURE(sender);
    const auto decision = decide(state, in_name_of(sender, a_create()), at(100), context());
    REQUIRE(rejection_of(decision));
    const std::string whose = sender.empty() ? "default" : sender;
    CHECK(accounts_of(state, decision) ==
          std::pair{whose, whose == "team-a" ? std::string() : whose});
  }
}

TEST_CASE("a command that waits is of its account; whose server another is for is not known yet") {
  const auto account = [](const std::string& sender, Action action) {
    return read_model::pending_operation_row(in_name_of(sender, std::move(action))).account;
  };
  CHECK(account("team-a", a_create()) == "team-a");
  CHECK(account("", a_create()) == "default");
  CHECK(account("default", Stop{}) == "default");
  CHECK(account("team-a", Stop{}) == "team-a");
  CHECK(account("", Stop{}).empty());
}

TEST_CASE("an account is 1 to 40 lower-case letters, digits and dashes") {
  for (const std::string name : {"a", "0", "-", "team-a", "default"}) {
    CHECK(!complaint_about_account(name));
  }
  CHECK(!complaint_about_account(std::string(40, 'a')));
  for (const std::string name : {"", "A", "team_a", "team a", "team.a", "t\xC3\xA9", "*", "a\n"}) {
    CHECK(complaint_about_account(name));
  }
  CHECK(complaint_about_account(std::string(41, 'a')));
}
