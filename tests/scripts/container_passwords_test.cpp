// Goal: ops/docker/passwords reads .env as docker compose does and runs nothing of it; a shell of
// the host finds the containers of this checkout by .env as it is now (issue 20, point 8).
// Method: the script in a folder of its own, with settings of every kind; no Docker is needed. D52

#include <filesystem>
#include <regex>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/harness/child_process.h"
#include "tests/harness/programs.h"
#include "tests/harness/scratch_dir.h"

namespace {

/// A checkout with ops/docker and nothing else.
class Checkout {
 public:
  explicit Checkout(const std::string& folder = "vsim")
      : scratch_("vsim-passwords"), path_(scratch_.path() + "/" + folder) {
    std::filesystem::create_directories(path_ + "/ops");
    std::filesystem::copy(harness::source_dir() + "/ops/docker", path_ + "/ops/docker");
  }

  void write_env(const std::string& text) { harness::write_file(path_ + "/.env", text); }
  std::string env() const { return harness::read_file(path_ + "/.env"); }

  /// In dash, with no Docker to be asked.
  std::string shell(const std::string& script) const {
    harness::ChildOptions dash;
    dash.argv = {"/usr/bin/env", "-i",  "PATH=/usr/bin:/bin", "DOCKER_HOST=unix:///nowhere", "dash",
                 "-euc",         script};
    dash.working_directory = path_;
    const harness::Output said = harness::run_program(dash);
    REQUIRE_MESSAGE(said.ending.clean(), script, ":\n", said.text);
    return said.text;
  }
  void make_passwords() const { shell("ops/docker/passwords"); }

 private:
  harness::ScratchDir scratch_;
  std::string path_;
};

std::string value_of(const std::string& name, const std::string& env) {
  std::smatch found;
  REQUIRE_MESSAGE(std::regex_search(env, found, std::regex("(?:^|\n)" + name + "=([^\n]*)")), env);
  return found[1];
}

}  // namespace

TEST_CASE("settings in .env stay as they are, none is run, and DOS line ends go") {
  Checkout checkout;
  const std::string settings =
      "BASE_IMAGE=my image\nTOUCHED=$(touch ran)`touch ran`\nexport HTTP_PORT=8099\n"
      "MY_PASSWORD=mine\n# NATS_API_PASSWORD=a comment\n";
  checkout.write_env(std::regex_replace(settings, std::regex("\n"), "\r\n") +
                     "export NATS_API_PASSWORD=old\r\nPOSTGRES_API_PASSWORD=old\r\nLAST=1");
  checkout.make_passwords();
  CHECK(checkout.env().ends_with(settings + "LAST=1\n"));
  CHECK(checkout.env().find('\r') == std::string::npos);
  CHECK(checkout.env().find("old") == std::string::npos);
  for (const char* user : {"NATS_ADMIN", "NATS_API", "NATS_WORKER", "NATS_OPERATOR", "NATS_SYS",
                           "POSTGRES_WORKER", "POSTGRES_API", "POSTGRES_OPERATOR"}) {
    CHECK(value_of(fmt::format("{}_PASSWORD", user), checkout.env()).size() == 49);
  }
  CHECK(checkout.shell("ls -A | sort") == ".env\n.run\nops\n");
  CHECK(checkout.shell("stat -c %a .env .run/containers.env") == "600\n600\n");
}

TEST_CASE("each checkout gets a project of its own, and keeps it and its ports") {
  Checkout one;
  Checkout two;
  one.make_passwords();
  two.make_passwords();
  const std::string before = one.env();
  CHECK(value_of("COMPOSE_PROJECT_NAME", before) != value_of("COMPOSE_PROJECT_NAME", two.env()));
  one.make_passwords();
  for (const char* kept : {"COMPOSE_PROJECT_NAME", "HTTP_PORT", "NATS_PORT", "POSTGRES_PORT"}) {
    CHECK(value_of(kept, one.env()) == value_of(kept, before));
  }
  CHECK(value_of("NATS_API_PASSWORD", one.env()) != value_of("NATS_API_PASSWORD", before));
}

TEST_CASE("a system from before it had a project of its own keeps its volumes and ports") {
  Checkout checkout;
  checkout.write_env("NATS_ADMIN_PASSWORD=old\n");
  checkout.make_passwords();
  CHECK(checkout.env().find("COMPOSE_PROJECT_NAME") == std::string::npos);
  CHECK(checkout.env().find("PORT=") == std::string::npos);
}

TEST_CASE("a port that is taken is not chosen") {
  Checkout checkout;
  // The usual ports are taken for as long as the script runs, by us or by somebody else.
  checkout.shell(R"(perl -MIO::Socket::IP -e '
      my @taken = map { IO::Socket::IP->new(LocalHost => "127.0.0.1", LocalPort => $_,
                                            Listen => 1, ReuseAddr => 1) } (8080, 4222, 5432);
      exit system("ops/docker/passwords") >> 8;')");
  CHECK(value_of("HTTP_PORT", checkout.env()) != "8080");
  CHECK(value_of("NATS_PORT", checkout.env()) != "4222");
  CHECK(value_of("POSTGRES_PORT", checkout.env()) != "5432");
}

TEST_CASE("the addresses for the host are those of .env as it is now") {
  Checkout checkout("it's a \"vsim\" $HOME");
  checkout.make_passwords();
  const std::string env = checkout.env();
  for (const char* line :
       {"HTTP_PORT=18081", "HTTP_PORT=\"18081\"", "HTTP_PORT='18081' ", "export HTTP_PORT=18081",
        "HTTP_PORT=18081 # mine", "HTTP_PORT=18081\r"}) {
    CAPTURE(line);
    checkout.write_env(env + line + "\nNATS_PORT=14222\nPOSTGRES_PORT=15432\n");
    CHECK(checkout.shell(". .run/containers.env; echo $NATS_URL $DATABASE_URL $HTTP_ADDR") ==
          fmt::format("nats://operator:{}@127.0.0.1:14222 "
                      "postgresql://vsim_operator:{}@127.0.0.1:15432/vsim 127.0.0.1:18081\n",
                      value_of("NATS_OPERATOR_PASSWORD", env),
                      value_of("POSTGRES_OPERATOR_PASSWORD", env)));
  }
  // As with compose, the environment comes first.
  CHECK(checkout.shell("HTTP_PORT=18082; . .run/containers.env; echo $HTTP_ADDR") ==
        "127.0.0.1:18082\n");
}
