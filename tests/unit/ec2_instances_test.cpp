// Goal: a server is shown as EC2 shows an instance in each of its states, and its filters find it.
// Method: one row in every status; what clients read of it, by the paths of its elements.

#include <doctest/doctest.h>

#include "api/ec2/instance_state.h"
#include "api/ec2/instances.h"
#include "domain/server.h"
#include "schema/messages/instant_text.h"

namespace vsim::ec2 {
namespace {

const Place east{"us-east-1", "123456789012"};
const Instant created = messages::parse_instant("2026-11-25T21:34:50Z").value();

Instance instance_in(Status status) {
  read_model::ServerRow row;
  row.id = "01234567-89ab-7cde-8f01-23456789abcd";
  row.name = "web-1";
  row.region = "us-east-1";
  row.type = "t2.micro";
  row.status = to_string(status);
  row.ip = "192.168.10.57";
  row.tags_json = R"({"team":"a<b"})";
  row.created_at = created;
  row.updated_at = created + std::chrono::minutes(5);
  row.last_started_at = created + std::chrono::seconds(3);
  return instance_of(row, {});
}

std::string shown(const Instance& instance, std::string_view path) {
  const Element element = instance_element(instance, east);
  const auto values = element.values(path);
  return values.empty() ? "" : std::string(values.front());
}

TEST_CASE("EC2: each status has its state") {
  const auto state = [](Status status) {
    const Instance instance = instance_in(status);
    return shown(instance, "instanceState/code") + " " + shown(instance, "instanceState/name");
  };
  CHECK(state(Status::pending) == "0 pending");
  CHECK(state(Status::running) == "16 running");
  CHECK(state(Status::rebooting) == "16 running");
  CHECK(state(Status::terminating) == "32 shutting-down");
  CHECK(state(Status::terminated) == "48 terminated");
  CHECK(state(Status::stopping) == "64 stopping");
  CHECK(state(Status::stopped) == "80 stopped");
  CHECK(state(Status::failed) == "80 stopped");
  CHECK(statuses_in("running") == std::vector{Status::running, Status::rebooting});
  CHECK(statuses_in("stopped") == std::vector{Status::stopped, Status::failed});
  CHECK(statuses_in("nope").empty());
}

TEST_CASE("EC2: a reason is told from stopping on") {
  for (const Status status : {Status::pending, Status::running, Status::rebooting}) {
    CHECK(shown(instance_in(status), "stateReason/code").empty());
    CHECK(shown(instance_in(status), "reason").empty());
  }
  for (const Status status :
       {Status::stopping, Status::stopped, Status::terminating, Status::terminated}) {
    CHECK(shown(instance_in(status), "stateReason/code") == "Client.UserInitiatedShutdown");
    CHECK(shown(instance_in(status), "stateReason/message") ==
          "Client.UserInitiatedShutdown: User initiated shutdown");
    CHECK(shown(instance_in(status), "reason") == "User initiated (2026-11-25 21:39:50 GMT)");
  }
}

TEST_CASE("EC2: who else ends an instance is told by its reason") {
  const auto code = [](TerminationReason why) {
    Instance instance = instance_in(Status::terminated);
    instance.server.termination_reason = to_string(why);
    CHECK((shown(instance, "reason").empty() || why == TerminationReason::user));
    return shown(instance, "stateReason/code");
  };
  CHECK(code(TerminationReason::user) == "Client.UserInitiatedShutdown");
  CHECK(code(TerminationReason::idle_timeout) == "Server.IdleTimeout");
  CHECK(code(TerminationReason::forced) == "Server.ForcedTermination");
  CHECK(code(TerminationReason::launch_failure) == "Server.InternalError");
  CHECK(code(TerminationReason::interruption) == "Server.SpotInstanceTermination");
  CHECK(code(TerminationReason::lease_expired) == "Server.LeaseExpired");
  CHECK(code(TerminationReason::released) == "Client.ServerReleased");
  CHECK(code(TerminationReason::retired) == "Server.RetiredFromPool");
  Instance failed = instance_in(Status::failed);
  failed.server.failure = Failure{"boot_failed", "its boot failed"};
  CHECK(shown(failed, "stateReason/message") == "Server.InternalError: its boot failed");
}

TEST_CASE("EC2: what a client reads of a running instance") {
  const Instance instance = instance_in(Status::running);
  CHECK(shown(instance, "instanceId") == "i-e8f0123456789abcd");
  CHECK(shown(instance, "imageId") == "ami-12c6146b");
  CHECK(shown(instance, "privateDnsName") == "ip-192-168-10-57.ec2.internal");
  CHECK(shown(instance, "launchTime") == "2026-11-25T21:34:53.000Z");
  CHECK(shown(instance, "placement/availabilityZone") == "us-east-1a");
  CHECK(shown(instance, "networkInterfaceSet/privateIpAddress") == "192.168.10.57");
  CHECK(shown(instance, "cpuOptions/coreCount") == "1");
  const std::string text = instance_element(instance, east).render();
  CHECK(text.find("<dnsName/><reason/>") != std::string::npos);
  CHECK(text.find("keyName") == std::string::npos);
  CHECK(text.find("<value>a&lt;b</value>") != std::string::npos);
  CHECK(text.find("<item><key>Name</key><value>web-1</value></item>") != std::string::npos);
}

TEST_CASE("EC2: a terminated instance has neither network nor disk, and is shown for an hour") {
  const Instance instance = instance_in(Status::terminated);
  for (const char* path : {"subnetId", "vpcId", "privateIpAddress", "privateDnsName",
                           "networkInterfaceSet/vpcId", "blockDeviceMapping/deviceName"}) {
    CHECK(shown(instance, path).empty());
  }
  CHECK_FALSE(volume_element(instance, east));
  CHECK_FALSE(interface_element(instance, east));
  const Instant gone = instance.server.updated_at + terminated_shown;
  CHECK(is_shown(instance, gone - Duration(1)));
  CHECK_FALSE(is_shown(instance, gone));
  CHECK(is_shown(instance_in(Status::stopped), gone));
}

TEST_CASE("EC2: a tag Name stands above the server's name") {
  Instance instance = instance_in(Status::running);
  instance.server.tags_json = R"({"Name":"other"})";
  instance = instance_of(instance.server, {});
  CHECK(instance.tags == std::map<std::string, std::string>{{"Name", "other"}});
  const auto tags = tag_elements(instance);
  REQUIRE(tags.size() == 1);
  CHECK(tags[0].render() ==
        "<item><resourceId>i-e8f0123456789abcd</resourceId><resourceType>instance</resourceType>"
        "<key>Name</key><value>other</value></item>");
}

TEST_CASE("EC2: only what runs has a status that is ok") {
  const auto status = [](Status of, std::string_view path) {
    const Element element = instance_status_element(instance_in(of), east);
    const auto values = element.values(path);
    return values.empty() ? "" : std::string(values.front());
  };
  CHECK(status(Status::running, "instanceStatus/status") == "ok");
  CHECK(status(Status::rebooting, "systemStatus/details/status") == "passed");
  CHECK(status(Status::stopped, "instanceStatus/status") == "not-applicable");
  CHECK(status(Status::stopped, "instanceStatus/details/status").empty());
}

TEST_CASE("EC2: each filter that an answer can tell finds its instance") {
  const Element element = filterable(instance_in(Status::running), east);
  struct Row {
    const char* name;
    const char* value;
  };
  for (const auto& [name, value] :
       {Row{"instance-id", "i-e8f0123456789abcd"},
        {"instance-state-name", "running"},
        {"instance-state-code", "16"},
        {"instance-type", "t2.micro"},
        {"availability-zone", "us-east-1a"},
        {"image-id", "ami-12c6146b"},
        {"architecture", "x86_64"},
        {"owner-id", "123456789012"},
        {"private-ip-address", "192.168.10.57"},
        {"private-dns-name", "ip-192-168-10-57.*"},
        {"dns-name", ""},
        {"ip-address", ""},
        {"state-reason-code", ""},
        {"reason", ""},
        {"subnet-id", "subnet-*"},
        {"vpc-id", "vpc-*"},
        {"client-token", ""},
        {"key-name", ""},
        {"launch-time", "2026-11-25T*"},
        {"reservation-id", "r-*"},
        {"launch-index", "0"},
        {"hypervisor", "xen"},
        {"virtualization-type", "hvm"},
        {"root-device-type", "ebs"},
        {"root-device-name", "/dev/xvda"},
        {"monitoring-state", "disabled"},
        {"tenancy", "default"},
        {"platform-details", "Linux*"},
        {"source-dest-check", "true"},
        {"ebs-optimized", "false"},
        {"instance.group-id", "sg-*"},
        {"group-name", "default"},
        {"host-id", ""},
        {"block-device-mapping.device-name", "/dev/xvda"},
        {"block-device-mapping.volume-id", "vol-*"},
        {"block-device-mapping.delete-on-termination", "true"},
        {"network-interface.network-interface-id", "eni-*"},
        {"network-interface.addresses.private-ip-address", "192.168.10.57"},
        {"network-interface.attachment.instance-id", "i-e8f0123456789abcd"},
        {"network-interface.group-id", "sg-*"},
        {"iam-instance-profile.arn", ""},
        {"tag:team", "a<b"},
        {"tag-key", "Name"},
        {"tag-value", "web-?"}}) {
    INFO(name);
    CHECK(instance_filter_table.knows(name));
    CHECK(fits_all({{name, {value}}}, instance_filter_table, element));
    CHECK_FALSE(fits_all({{name, {"no such value"}}}, instance_filter_table, element));
  }
}

TEST_CASE("EC2: documented filters that vsim has nothing for match nothing; others do not exist") {
  const Element element = filterable(instance_in(Status::running), east);
  CHECK(instance_filter_table.knows("spot-instance-request-id"));
  CHECK_FALSE(fits_all({{"spot-instance-request-id", {"*"}}}, instance_filter_table, element));
  CHECK_FALSE(instance_filter_table.knows("no-such-filter"));
  CHECK_FALSE(status_filter_table.knows("tag:Name"));
  CHECK(status_filter_table.knows("instance-status.reachability"));
}

}  // namespace
}  // namespace vsim::ec2
