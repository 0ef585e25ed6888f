// Goal: `vsimctl api` reaches the API with or without TLS and keys, distinguishes an answer from a
// failure, and gives access to no one who could not make a key anyway (issue 20, number 7).
// Method: one fleet over TLS, whose keys come, go and are revoked; certificates by other names; a
// table of wrong arguments.

#include <filesystem>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "tests/e2e/tool_output.h"
#include "tests/harness/eventually.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"
#include "tests/harness/scratch_dir.h"
#include "tests/harness/servers.h"

using e2e::expect;
using e2e::holds;
using harness::Fleet;
using harness::Json;
using harness::Output;

namespace {

class Api {
 public:
  explicit Api(Fleet& fleet)
      : fleet_(fleet), url_(fmt::format("https://127.0.0.1:{}", fleet.api_port())) {}

  Output operator()(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "api");
    for (const auto& [flag, value] : flags_) {
      if (!value.empty()) {
        arguments.insert(arguments.end(), {flag, value});
      }
    }
    return fleet_.vsimctl(arguments);
  }

  Api with(const std::string& flag, const std::string& value) const {
    Api other = *this;
    other.flags_[flag] = value;
    return other;
  }

  static Api of(Fleet& fleet) {
    Api api(fleet);
    api.flags_ = {{"--api-url", api.url_},
                  {"--api-cert-file", fleet.api_certificate().certificate}};
    return api;
  }

 private:
  Fleet& fleet_;
  std::string url_;
  std::map<std::string, std::string> flags_;
};

}  // namespace

TEST_CASE("vsimctl api reads and writes over TLS, and its status is that of the answer") {
  Fleet fleet({.tls = true});
  const Api api = Api::of(fleet);
  const Output made = expect(0, api({"POST", "/servers", harness::create_body()}));
  const std::string id = Json::parse(made.text)["id"].text();
  CHECK(Json::parse(expect(0, api({"GET", "/servers?limit=1"})).text)["total"].integer() == 1);
  expect(0, api({"DELETE", "/servers/" + id}));
  const Output missing = expect(1, api({"GET", "/servers/" + harness::random_uuid()}));
  CHECK(holds(missing, "\"code\":\"not_found\""));
  CHECK(holds(missing, "was answered 404"));

  // The certificate is what counts, whatever it names.
  const harness::ScratchDir folder("vsimctl-api");
  const harness::Authority stranger(folder.path(), "stranger");
  const auto other = stranger.issue("other");
  const Output refused =
      expect(1, api.with("--api-cert-file", other.certificate)({"GET", "/types"}));
  CHECK(holds(refused, "has another certificate than"));
  const Output untrusted = expect(1, api.with("--api-cert-file", "")({"GET", "/types"}));
  CHECK(holds(untrusted, "name its certificate with API_CERT_FILE"));
  expect(0, api.with("--api-cert-file", fleet.authority().file())({"GET", "/types"}));
  expect(1, api.with("--api-cert-file", "/nowhere")({"GET", "/types"}));
  const std::string plain = fmt::format("http://127.0.0.1:{}", fleet.api_port());
  expect(1, api.with("--api-url", plain)({"GET", "/types"}));
  fleet.api().kill();
  CHECK(holds(expect(1, api({"GET", "/types"})), "does not answer at https://127.0.0.1"));

  using Arguments = std::vector<std::string>;
  for (const Arguments& wrong :
       {Arguments{}, Arguments{"GET"}, Arguments{"GET", "servers"}, Arguments{"get", "/servers"},
        Arguments{"GET", "/a b"}, Arguments{"GET", "/a\r\nX: y"}, Arguments{"BREW", "/servers"}}) {
    CAPTURE(wrong.size());
    expect(2, api(wrong));
  }
  for (const char* url : {"127.0.0.1:1", "https://", "ftp://a:1", "http://a:0", "http://a:65536"}) {
    CAPTURE(url);
    expect(2, api.with("--api-url", url)({"GET", "/types"}));
  }
}

TEST_CASE("vsimctl api makes a key of its own where keys are on, and never turns them on") {
  Fleet fleet({.tls = true});
  const auto folder = std::filesystem::path(fleet.keys_file()).parent_path().string();
  const std::string own = folder + "/vsimctl-api.key";
  const Api api = Api::of(fleet);  // KEYS_FILE is in its environment
  const Api bare = api.with("--keys-file", "/nowhere/keys.json");
  expect(0, api({"GET", "/servers"}));
  CHECK_FALSE(std::filesystem::exists(fleet.keys_file()));

  const auto keys = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "keys");
    return expect(0, fleet.vsimctl(arguments));
  };
  keys({"add", "ci", "--role", "reader"});
  REQUIRE(harness::eventually([&] { return bare({"GET", "/servers"}).ending.code == 1; }));
  CHECK(holds(bare({"GET", "/servers"}), "give a key as API_KEY, or name KEYS_FILE"));
  // At once, though the API has not seen the key yet, also when an open route came first; and for
  // an operator's part too.
  expect(0, api({"GET", "/readyz"}));
  expect(0, api({"POST", "/regions/us-east-1/addresses", R"({"cidr":"10.9.0.0/29"})"}));
  struct stat about{};
  REQUIRE(stat(own.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  const std::string text = harness::read_file(own);
  expect(0, api({"GET", "/servers"}));
  CHECK(harness::read_file(own) == text);
  expect(0, bare.with("--api-key", text.substr(0, text.size() - 1))({"GET", "/servers"}));

  // Revoked, or its text lost: who may write the file gets a new one.
  keys({"revoke", "vsimctl-api", "--yes"});
  expect(0, api({"GET", "/servers"}));
  CHECK(harness::read_file(own) != text);
  std::filesystem::remove(own);
  expect(0, api({"GET", "/servers"}));
  const Output listed = keys({"list"});
  CHECK(listed.text.find("vsimctl-api") == listed.text.rfind("vsimctl-api"));
  CHECK(holds(listed, "ci"));
}
