// Goal: whole requests are answered as EC2 would, also bad ones, and always in EC2's envelope.
// Method: the door on a fleet in memory, asked as botocore and libcloud ask.

#include <algorithm>

#include <doctest/doctest.h>

#include "api/ec2/door.h"
#include "api/ec2/resource_ids.h"
#include "schema/messages/instant_text.h"
#include "tests/unit/ec2_signed_request.h"

namespace vsim::ec2 {
namespace {

const Instant begin = messages::parse_instant("2026-11-25T21:00:00Z").value();

/// Servers in a list, from which queries are answered as the read models answer them.
class ListedFleet : public Fleet {
 public:
  /// The n-th server, n seconds after the begin.
  void add(unsigned n, std::string_view status = "RUNNING", std::string tags = "{}") {
    read_model::ServerRow row;
    Uuid id{{1, 2, 3, 4, 5, 6, 0x70, 8, 0x80}};
    id.bytes[15] = static_cast<std::uint8_t>(n);
    row.id = id.to_string();
    row.name = "web-" + std::to_string(n);
    row.region = "us-east-1";
    row.type = n % 2 == 0 ? "t2.micro" : "t2.small";
    row.status = status;
    row.ip = "192.168.10." + std::to_string(n);
    row.tags_json = std::move(tags);
    row.account = "default";
    row.created_at = begin + std::chrono::seconds(n);
    row.updated_at = row.created_at;
    rows_.push_back(row);
  }

  Reply<std::vector<read_model::ServerRow>> servers(const InstanceQuery& query) override {
    std::vector<read_model::ServerRow> found;
    for (const auto& row : rows_) {
      const bool later = !query.after || row.created_at > query.after->created_at;
      if (fits(query, row) && later && found.size() < query.limit) {
        found.push_back(row);
      }
    }
    rows_read_ += found.size();
    return found;
  }
  Reply<Pool> pool(const std::string&) override {
    return Pool{*Ipv4::parse("192.168.10.1"), *Ipv4::parse("192.168.10.100"), 42};
  }
  Instant now() override { return now_; }

  std::size_t rows_read() const { return rows_read_; }
  void advance(Duration by) { now_ += by; }

 private:
  static bool fits(const InstanceQuery& query, const read_model::ServerRow& row) {
    const std::string id = instance_id(ServerId{*Uuid::parse(row.id)}).substr(2);
    const auto among = [](const auto& list, const auto& one) {
      return list.empty() || std::find(list.begin(), list.end(), one) != list.end();
    };
    return row.region == query.region && (!query.account || row.account == *query.account) &&
           among(query.digits, id) && among(query.statuses, *status_from(row.status)) &&
           among(query.types, row.type);
  }

  std::vector<read_model::ServerRow> rows_;
  std::size_t rows_read_ = 0;
  Instant now_ = begin + std::chrono::minutes(1);
};

class TestKeys : public Keyholder {
 public:
  bool asks_for_keys() override { return on; }
  std::optional<SigningKey> find(std::string_view id) override {
    return id == "VSIAEXAMPLEEXAMPLE22"
               ? std::optional(SigningKey{{"ann", http::Role::reader, "default", "default"},
                                          "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY0000="})
               : std::nullopt;
  }
  Instant wall_time() override { return messages::parse_instant("2026-11-25T21:34:50Z").value(); }
  bool on = false;
};

struct Asked {
  ListedFleet fleet;
  TestKeys keys;
  Door door{{.regions = {"us-east-1", "eu-west-1"},
             .types = {{"t2.micro", {1, 1024}}, {"t2.small", {1, 2048}}}},
            fleet,
            keys};

  Document post(std::string_view body) {
    return door.answer({.method = "POST",
                        .path = "/",
                        .query = "",
                        .headers = {{"Host", "127.0.0.1:8080"}},
                        .body = body},
                       "r1");
  }
  std::string body(const std::string& call) {
    const Document answer = post("Version=2016-11-15&Action=" + call);
    CHECK(answer.status == 200);
    return answer.body;
  }
  /// "STATUS CODE: MESSAGE".
  std::string error(const std::string& call) {
    const Document answer = post(call);
    const auto between = [&](std::string_view from, std::string_view to) {
      const auto first = answer.body.find(from);
      REQUIRE(first != std::string::npos);
      const auto at = first + from.size();
      return answer.body.substr(at, answer.body.find(to, at) - at);
    };
    return std::to_string(answer.status) + " " + between("<Code>", "</Code>") + ": " +
           between("<Message>", "</Message>");
  }
};

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

std::string text_in(const std::string& text, const std::string& name) {
  const std::string open = "<" + name + ">";
  const auto first = text.find(open);
  return first == std::string::npos
             ? ""
             : text.substr(first + open.size(), text.find("</", first) - first - open.size());
}

constexpr const char* reservation = "<reservationId>";

TEST_CASE("EC2: an answer is XML in the name space of the version that was asked for") {
  Asked ec2;
  const Document answer = ec2.post("Action=DescribeInstances&Version=2010-08-31");
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "text/xml;charset=UTF-8");
  CHECK(answer.body ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeInstancesResponse "
        "xmlns=\"http://ec2.amazonaws.com/doc/2010-08-31/\"><requestId>r1</requestId>"
        "<reservationSet/></DescribeInstancesResponse>");
  CHECK(ec2.post("Action=DescribeInstances&Version=<>").body.find("doc/2016-11-15/") !=
        std::string::npos);
}

TEST_CASE("EC2: instances are described by id, by filter, and page by page") {
  Asked ec2;
  for (unsigned n = 1; n <= 12; ++n) {
    ec2.fleet.add(n, n == 3 ? "STOPPED" : "RUNNING");
  }
  CHECK(count(ec2.body("DescribeInstances"), reservation) == 12);
  CHECK(count(ec2.body("DescribeInstances&InstanceId.1=i-88000000000000003"), reservation) == 1);
  CHECK(count(ec2.body("DescribeInstances&Filter.1.Name=instance-state-name"
                       "&Filter.1.Value.1=stopped"),
              reservation) == 1);
  CHECK(count(ec2.body("DescribeInstances&Filter.1.Name=tag:Name&Filter.1.Value.1=web-1*"),
              reservation) == 4);
  std::string page = ec2.body("DescribeInstances&MaxResults=5");
  std::size_t all = count(page, reservation);
  CHECK(all == 5);
  for (std::string token = text_in(page, "nextToken"); !token.empty();
       token = text_in(page, "nextToken")) {
    page = ec2.body("DescribeInstances&NextToken=" + token);
    all += count(page, reservation);
  }
  CHECK(all == 12);
  CHECK(ec2.error("Action=DescribeInstances&InstanceId.1=i-88000000000000003&MaxResults=5") ==
        "400 InvalidParameterCombination: The parameter instancesSet cannot be used with the "
        "parameter maxResults");
}

TEST_CASE("EC2: what a filter asks of a query is not read and thrown away") {
  Asked ec2;
  for (unsigned n = 1; n <= 12; ++n) {
    ec2.fleet.add(n, n == 3 ? "STOPPED" : "RUNNING");
  }
  ec2.body("DescribeInstances&Filter.1.Name=instance-state-name&Filter.1.Value.1=stopped");
  CHECK(ec2.fleet.rows_read() == 1);
  ec2.body("DescribeInstances&Filter.1.Name=instance-id&Filter.1.Value.1=i-88000000000000005");
  CHECK(ec2.fleet.rows_read() == 2);
}

TEST_CASE("EC2: ids are refused as malformed first, then as unknown, all of them named") {
  Asked ec2;
  ec2.fleet.add(1);
  CHECK(ec2.error("Action=DescribeInstances&InstanceId.1=i-12345678&InstanceId.2=x") ==
        "400 InvalidInstanceID.Malformed: Invalid id: \"x\" (expecting \"i-...\")");
  CHECK(ec2.error("Action=DescribeInstances&InstanceId.1=i-88000000000000001"
                  "&InstanceId.2=i-12345678&InstanceId.3=i-88000000000000009") ==
        "400 InvalidInstanceID.NotFound: The instance IDs 'i-12345678, i-88000000000000009' do "
        "not exist");
}

TEST_CASE("EC2: a terminated instance is found for an hour") {
  Asked ec2;
  ec2.fleet.add(1, "TERMINATED");
  CHECK(count(ec2.body("DescribeInstances"), reservation) == 1);
  ec2.fleet.advance(std::chrono::hours(1));
  CHECK(count(ec2.body("DescribeInstances"), reservation) == 0);
  CHECK(ec2.error("Action=DescribeInstances&InstanceId.1=i-88000000000000001")
            .starts_with("400 InvalidInstanceID.NotFound"));
}

TEST_CASE("EC2: status is of what runs, or of all where that is asked for") {
  Asked ec2;
  ec2.fleet.add(1);
  ec2.fleet.add(2, "STOPPED");
  CHECK(count(ec2.body("DescribeInstanceStatus"), "<instanceId>") == 1);
  CHECK(count(ec2.body("DescribeInstanceStatus&IncludeAllInstances=true"), "<instanceId>") == 2);
  CHECK(count(ec2.body("DescribeInstanceStatus&Filter.1.Name=instance-state-name"
                       "&Filter.1.Value.1=stopped"),
              "<instanceId>") == 0);
}

TEST_CASE("EC2: tags are described page by page, also within an instance") {
  Asked ec2;
  for (unsigned n = 1; n <= 4; ++n) {
    ec2.fleet.add(n, "RUNNING", R"({"a":"1","b":"2","c":"3"})");
  }
  std::string page = ec2.body("DescribeTags&MaxResults=6");
  std::size_t all = count(page, "<resourceId>");
  CHECK(all == 6);
  for (std::string token = text_in(page, "nextToken"); !token.empty();
       token = text_in(page, "nextToken")) {
    page = ec2.body("DescribeTags&NextToken=" + token);
    all += count(page, "<resourceId>");
  }
  CHECK(all == 16);
  CHECK(count(ec2.body("DescribeTags&Filter.1.Name=key&Filter.1.Value.1=b"), "<key>b</key>") == 4);
  CHECK(count(ec2.body("DescribeTags&Filter.1.Name=resource-id"
                       "&Filter.1.Value.1=i-88000000000000002"),
              "<resourceId>") == 4);
  CHECK(count(ec2.body("DescribeTags&Filter.1.Name=resource-type&Filter.1.Value.1=volume"),
              "<resourceId>") == 0);
}

TEST_CASE("EC2: what an instance has one of is found by an id of its own") {
  Asked ec2;
  ec2.fleet.add(1);
  ec2.fleet.add(2);
  CHECK(count(ec2.body("DescribeVolumes"), "<volumeType>") == 2);
  CHECK(count(ec2.body("DescribeVolumes&VolumeId.1=vol-88000000000000002"), "<volumeType>") == 1);
  CHECK(count(ec2.body("DescribeVolumes&Filter.1.Name=attachment.instance-id"
                       "&Filter.1.Value.1=i-88000000000000002"),
              "<volumeType>") == 1);
  CHECK(ec2.error("Action=DescribeVolumes&VolumeId.1=vol-1") ==
        "400 InvalidVolume.NotFound: The volume 'vol-1' does not exist");
  CHECK(count(ec2.body("DescribeNetworkInterfaces&NetworkInterfaceId.1=eni-88000000000000001"),
              "<macAddress>") == 1);
}

TEST_CASE("EC2: an attribute is shown under its own name") {
  Asked ec2;
  ec2.fleet.add(2);
  const auto attribute = [&](const std::string& name) {
    const std::string text = ec2.body(
        "DescribeInstanceAttribute&InstanceId=i-88000000000000002"
        "&Attribute=" +
        name);
    const auto at = text.find("</instanceId>");
    return text.substr(at + 13, text.find("</Describe") - at - 13);
  };
  CHECK(attribute("instanceType") == "<instanceType><value>t2.micro</value></instanceType>");
  CHECK(attribute("disableApiTermination") ==
        "<disableApiTermination><value>false</value></disableApiTermination>");
  CHECK(attribute("userData") == "<userData/>");
  CHECK(count(attribute("groupSet"), "<groupId>") == 1);
  CHECK(ec2.error("Action=DescribeInstanceAttribute&InstanceId=i-88000000000000002"
                  "&Attribute=nope") ==
        "400 InvalidParameterValue: Value (nope) for parameter attribute is invalid. Unknown "
        "attribute.");
}

TEST_CASE("EC2: what a region has is shown, and what nothing here has is an empty list") {
  Asked ec2;
  CHECK(count(ec2.body("DescribeRegions"), "<regionName>") == 2);
  CHECK(count(ec2.body("DescribeAvailabilityZones"), "<zoneName>") == 3);
  CHECK(count(ec2.body("DescribeAvailabilityZones&ZoneName.1=us-east-1b"), "<zoneName>") == 1);
  CHECK(count(ec2.body("DescribeInstanceTypes&InstanceType.1=t2.micro"), "<instanceType>") == 1);
  CHECK(count(ec2.body("DescribeInstanceTypeOfferings"), "<location>") == 2);
  CHECK(count(ec2.body("DescribeImages&Owner.1=amazon"), "<imageId>") == 3);
  CHECK(count(ec2.body("DescribeAccountAttributes&AttributeName.1=default-vpc"), "vpc-") == 1);
  CHECK(count(ec2.body("DescribeVpcs&Filter.1.Name=isDefault&Filter.1.Value.1=true"),
              "<isDefault>") == 1);
  CHECK(count(ec2.body("DescribeSubnets"), "<subnetId>") == 3);
  CHECK(count(ec2.body("DescribeSecurityGroups&GroupName.1=default"), "<groupDescription>") == 1);
  CHECK(count(ec2.body("DescribeRouteTables&Filter.1.Name=association.main"
                       "&Filter.1.Value.1=true"),
              "<main>") == 1);
  const std::string vpc = text_in(ec2.body("DescribeVpcs"), "vpcId");
  CHECK(ec2.body("DescribeVpcAttribute&VpcId=" + vpc + "&Attribute=enableDnsSupport")
            .find("<enableDnsSupport><value>true</value></enableDnsSupport>") != std::string::npos);
  for (const char* empty :
       {"DescribeAddresses", "DescribeKeyPairs", "DescribeLaunchTemplates", "DescribeSnapshots"}) {
    CHECK(count(ec2.body(empty), "<item>") == 0);
  }
  CHECK(ec2.error("Action=DescribeKeyPairs&KeyName.1=k") ==
        "400 InvalidKeyPair.NotFound: The key pair 'k' does not exist");
  CHECK(ec2.error("Action=DescribeSubnets&SubnetId.1=subnet-1") ==
        "400 InvalidSubnetID.NotFound: The subnet ID 'subnet-1' does not exist");
}

TEST_CASE("EC2: what is fixed has pages too") {
  Asked ec2;
  Offer offer;
  offer.regions = {"us-east-1"};
  for (int i = 0; i < 7; ++i) {
    offer.types["t" + std::to_string(i)] = {};
  }
  Door door(offer, ec2.fleet, ec2.keys);
  const auto ask = [&](const std::string& query) {
    const std::string body = "Action=DescribeInstanceTypes&MaxResults=5" + query;
    return door
        .answer({.method = "POST", .path = "/", .query = "", .headers = {}, .body = body}, "r")
        .body;
  };
  const std::string first = ask("");
  CHECK(count(first, "<instanceType>") == 5);
  const std::string second = ask("&NextToken=" + text_in(first, "nextToken"));
  CHECK(count(second, "<instanceType>") == 2);
  CHECK(text_in(second, "nextToken").empty());
}

TEST_CASE("EC2: a trial is refused last of all, by its own status") {
  Asked ec2;
  CHECK(ec2.error("Action=DescribeInstances&DryRun=true") ==
        "412 DryRunOperation: Request would have succeeded, but DryRun flag is set.");
  CHECK(ec2.error("Action=DescribeInstances&DryRun=TRUE&InstanceId.1=i-12345678")
            .starts_with("400 InvalidInstanceID.NotFound"));
  CHECK(
      ec2.error("Action=DescribeInstances&DryRun=maybe").starts_with("400 InvalidParameterValue"));
}

TEST_CASE("EC2: what is no call is refused in the envelope") {
  Asked ec2;
  CHECK(ec2.error("").starts_with("400 MissingAction"));
  CHECK(ec2.error("Action=Nope") ==
        "400 InvalidAction: The action Nope is not valid for this web service.");
  CHECK(ec2.error("Action=a<b").starts_with("400 InvalidAction: The action a&lt;b is"));
  CHECK(ec2.error("Action=DescribeInstances&Action=DescribeVpcs")
            .starts_with("400 InvalidParameterCombination"));
  CHECK(ec2.error("{\"Action\":\"DescribeInstances\"}").starts_with("400 MissingAction"));
  CHECK(ec2.error("Action=%zz").starts_with("400 MalformedQueryString"));
  CHECK(ec2.error("Action=DescribeInstances&Filter.1.Name=nope&Filter.1.Value.1=x") ==
        "400 InvalidParameterValue: The filter 'nope' is invalid");
  CHECK(ec2.error(std::string(70'000, 'x')).starts_with("413 "));
}

TEST_CASE("EC2: with keys only what is signed with one is answered") {
  Asked ec2;
  ec2.keys.on = true;
  CHECK(ec2.error("Action=DescribeInstances") ==
        "401 AuthFailure: AWS was not able to validate the provided access credentials");
  CHECK(ec2.error("Action=Nope").starts_with("401 AuthFailure"));
  CHECK(count(ec2.post("Action=GetCallerIdentity").body, "<Type>Sender</Type>") == 1);
  SentRequest signed_call = signed_in_query();
  CHECK(ec2.door.answer(signed_call, "r").body.find("The filter 'null' is invalid") !=
        std::string::npos);
  signed_call.headers[0].second = "127.0.0.1:8081";
  CHECK(ec2.door.answer(signed_call, "r").status == 401);
}

TEST_CASE("EC2: without keys any signature counts, and its region is taken") {
  Asked ec2;
  const auto region = [&](const std::string& scope_region) {
    const std::string header = "AWS4-HMAC-SHA256 Credential=x/20140101/" + scope_region +
                               "/ec2/aws4_request, SignedHeaders=host, Signature=x";
    return ec2.door
        .answer({.method = "POST",
                 .path = "/",
                 .query = "",
                 .headers = {{"Authorization", header}},
                 .body = "Action=DescribeAvailabilityZones"},
                "r")
        .body;
  };
  CHECK(text_in(region("eu-west-1"), "regionName") == "eu-west-1");
  CHECK(text_in(region("mars-1"), "Message") ==
        "Invalid region: mars-1; there are eu-west-1, us-east-1");
}

TEST_CASE("EC2: whoever asks STS who it is is told its account and name") {
  Asked ec2;
  const std::string text = ec2.post("Action=GetCallerIdentity&Version=2011-06-15").body;
  CHECK(text_in(text, "Account") == "123456789012");
  CHECK(text_in(text, "Arn") == "arn:aws:iam::123456789012:user/ec2");
  CHECK(text.find("xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"") != std::string::npos);
}

}  // namespace
}  // namespace vsim::ec2
