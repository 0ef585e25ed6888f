// Goal: requests that AWS's SDKs sign are let in, and nothing else is.
// Method: requests that botocore 1.43 has signed (SigV4Auth, SigV4QueryAuth, SigV2Auth), each also
// changed in every part, and at the limits of its time.

#include <doctest/doctest.h>

#include "api/ec2/signature.h"
#include "schema/messages/instant_text.h"
#include "tests/unit/ec2_signed_request.h"

namespace vsim::ec2 {
namespace {

constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY0000=";
constexpr std::string_view key_id = "VSIAEXAMPLEEXAMPLE22";

Instant at(std::string_view text) { return messages::parse_instant(text).value(); }
const Instant signed_at = at("2026-11-25T21:34:50Z");

SentRequest post_4() {
  return {
      .method = "POST",
      .path = "/",
      .query = "",
      .headers = {{"Host", "127.0.0.1:8080"},
                  {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                  {"User-Agent", "Boto3/1.44.8  md/Botocore"},
                  {"X-Amz-Date", "20261125T213450Z"},
                  {"Authorization",
                   "AWS4-HMAC-SHA256 "
                   "Credential=VSIAEXAMPLEEXAMPLE22/20261125/us-west-2/ec2/aws4_request, "
                   "SignedHeaders=content-type;host;x-amz-date, "
                   "Signature=bd3edf5228507252c3b67b70e60a97e622c28ba97aacd6f9052c3d2fc7079868"}},
      .body =
          "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag%3AName"
          "&Filter.1.Value.1=a+b%2Fc*%C3%A9"};
}

SentRequest get_4() {
  return {
      .method = "GET",
      .path = "/ec2/",
      .query =
          "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag%3AName"
          "&Filter.1.Value.1=a%20b%2Fc%2A~%C3%A9&Empty=",
      .headers = {{"host", "127.0.0.1:8080"},
                  {"x-amz-date", "20261125T213450Z"},
                  {"authorization",
                   "AWS4-HMAC-SHA256 "
                   "Credential=VSIAEXAMPLEEXAMPLE22/20261125/eu-west-1/ec2/aws4_request, "
                   "SignedHeaders=host;x-amz-date, "
                   "Signature=eb710e148fe37c1ef18e7e98d00a765cbf923f44ef9f6284d03cf23e6b0e44ca"}},
      .body = ""};
}

SentRequest token_4() {
  return {
      .method = "POST",
      .path = "/",
      .query = "",
      .headers = {{"Host", "ec2.us-east-1.example"},
                  {"Content-Type", "application/x-www-form-urlencoded"},
                  {"X-Amz-Date", "20261125T213450Z"},
                  {"X-Amz-Security-Token", "session"},
                  {"Authorization",
                   "AWS4-HMAC-SHA256 "
                   "Credential=VSIAEXAMPLEEXAMPLE22/20261125/us-east-1/sts/aws4_request, "
                   "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
                   "Signature=fc1bfb8b4f3cd1b34e5c1024674991c09c9bf8072ec7081d8d5f6c226adb052a"}},
      .body = "Action=GetCallerIdentity&Version=2011-06-15"};
}

SentRequest get_2() {
  return {.method = "GET",
          .path = "/",
          .query =
              "Action=DescribeInstances&Version=2010-08-31"
              "&Filter.0.Value.0=a+b%2Fc%2A~%C3%A9&AWSAccessKeyId=VSIAEXAMPLEEXAMPLE22"
              "&SignatureVersion=2&SignatureMethod=HmacSHA256"
              "&Timestamp=2026-11-25T21%3A34%3A50Z"
              "&Signature=eGqgeney%2FzQQPLzQTMgfnIjCXeFJW7%2Fl%2F7AvQjzM0SI%3D",
          .headers = {{"Host", "127.0.0.1:8080"}},
          .body = ""};
}

SentRequest post_2() {
  return {.method = "POST",
          .path = "/",
          .query = "",
          .headers = {{"Host", "127.0.0.1:8080"}},
          .body =
              "Action=DescribeInstances&Version=2010-08-31"
              "&Filter.0.Value.0=a+b%2Fc%2A~%C3%A9&AWSAccessKeyId=VSIAEXAMPLEEXAMPLE22"
              "&SignatureVersion=2&SignatureMethod=HmacSHA256"
              "&Timestamp=2026-11-25T21%3A34%3A50Z"
              "&Signature=FF8AhLeV%2BPmnpzhrFVUyMvI6nyFNv6foNAV9knTj%2B74%3D"};
}

const std::vector<SentRequest> requests = {post_4(),          get_4(), token_4(),
                                           signed_in_query(), get_2(), post_2()};

bool is_let_in(const SentRequest& request, Instant now = signed_at, std::string_view by = secret) {
  const auto parameters = Parameters::read(request.query, request.body);
  REQUIRE(parameters);
  const auto signature = read_signature(request, *parameters);
  return signature && *signature &&
         check_signature(**signature, request, *parameters, by, now).has_value();
}

Signed signature_of(const SentRequest& request) {
  return read_signature(request, Parameters::read(request.query, request.body).value())
      .value()
      .value();
}

TEST_CASE("EC2: what botocore signs is let in, in all its forms") {
  for (const SentRequest& request : requests) {
    INFO(request.method, " ", request.query, " ", request.body);
    CHECK(is_let_in(request));
    CHECK(signature_of(request).access_key_id == key_id);
  }
}

TEST_CASE("EC2: a request with another secret, method, path, host or parameter is not let in") {
  for (const SentRequest& request : requests) {
    INFO(request.method, " ", request.query, " ", request.body);
    CHECK_FALSE(is_let_in(request, signed_at, "another"));
    SentRequest changed = request;
    changed.method = "PUT";
    CHECK_FALSE(is_let_in(changed));
    changed = request;
    changed.path = "/other";
    CHECK_FALSE(is_let_in(changed));
    changed = request;
    changed.headers[0].second = "127.0.0.1:8081";
    CHECK_FALSE(is_let_in(changed));
    changed = request;
    const std::string query = std::string(request.query) + "&DryRun=true";
    changed.query = query;
    CHECK_FALSE(is_let_in(changed));
    changed = request;
    changed.headers.erase(changed.headers.begin());
    CHECK_FALSE(is_let_in(changed));
  }
  SentRequest changed = post_4();
  changed.body = "Action=TerminateInstances";
  CHECK_FALSE(is_let_in(changed));
}

TEST_CASE("EC2: blanks within a header's value do not count, its case does") {
  SentRequest changed = post_4();
  changed.headers[1].second = "  application/x-www-form-urlencoded;   charset=utf-8 ";
  CHECK(is_let_in(changed));
  changed.headers[1].second = "application/x-www-form-urlencoded; charset=UTF-8";
  CHECK_FALSE(is_let_in(changed));
  changed = post_4();
  changed.headers.emplace_back("host", "127.0.0.1:8080");
  CHECK_FALSE(is_let_in(changed));
}

TEST_CASE("EC2: a signature holds for 15 minutes, and one in a query string as long as it says") {
  for (const SentRequest& request : {post_4(), get_4(), get_2(), post_2()}) {
    CHECK(is_let_in(request, at("2026-11-25T21:49:50Z")));
    CHECK_FALSE(is_let_in(request, at("2026-11-25T21:49:51Z")));
    CHECK(is_let_in(request, at("2026-11-25T21:19:50Z")));
    CHECK_FALSE(is_let_in(request, at("2026-11-25T21:19:49Z")));
  }
  CHECK(is_let_in(signed_in_query(), at("2026-11-25T21:44:50Z")));
  CHECK_FALSE(is_let_in(signed_in_query(), at("2026-11-25T21:44:51Z")));
}

TEST_CASE("EC2: a hash of the body that is sent must be the body's") {
  SentRequest request = post_4();
  request.headers.emplace_back("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
  CHECK_FALSE(is_let_in(request));
}

TEST_CASE("EC2: what is no signature known here is told from none at all") {
  const auto read = [](const SentRequest& request) {
    return read_signature(request, Parameters::read(request.query, request.body).value());
  };
  SentRequest request = post_4();
  request.headers.back().second = "Bearer vsim_x";
  CHECK_FALSE(read(request).value());
  for (const char* text :
       {"AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=K/2/r/ec2/aws4_request",
        "AWS4-HMAC-SHA256 Credential=K/20261125/r/ec2, SignedHeaders=host, Signature=x",
        "AWS4-HMAC-SHA256 Credential=/20261125/r/ec2/aws4_request, SignedHeaders=host, "
        "Signature=x"}) {
    INFO(text);
    request.headers.back().second = text;
    CHECK(read(request).error().code == ErrorCode::auth_failure);
  }
  request = get_2();
  request.query = "AWSAccessKeyId=x&SignatureVersion=1&SignatureMethod=HmacSHA256";
  CHECK_FALSE(read(request));
  request.query = "X-Amz-Credential=x";
  CHECK_FALSE(read(request));
}

TEST_CASE("EC2: the region is the scope's, else the host's, else the usual one") {
  const std::set<std::string> known = {"us-east-1", "eu-west-1"};
  CHECK(region_of(signature_of(post_4()), "ec2.eu-west-1.x", known, "us-east-1") == "us-west-2");
  CHECK(region_of(signature_of(get_2()), "EC2.EU-West-1.x:80", known, "us-east-1") == "eu-west-1");
  CHECK(region_of(std::nullopt, "ec2.us-west-2.x", known, "us-east-1") == "us-east-1");
  CHECK(region_of(std::nullopt, "", known, "us-east-1") == "us-east-1");
}

}  // namespace
}  // namespace vsim::ec2
