// Goal: what this door writes is XML that every parser reads back as it was meant, and errors have
// exactly the forms that clients take them by.
// Method: rendered trees and documents, to the byte.

#include <doctest/doctest.h>

#include "api/ec2/errors.h"
#include "api/ec2/xml.h"
#include "domain/instant.h"

namespace vsim::ec2 {
namespace {

using Values = std::vector<std::string_view>;

TEST_CASE("EC2: specials are escaped and what XML cannot hold is replaced") {
  Element element("a");
  element.text("b", "<&>\"'\r\n\t\x01\x7f\xef\xbf\xbf gr\xc3\xbcn \xf0\x9f\x90\x9f");
  CHECK(element.render() ==
        "<a><b>&lt;&amp;&gt;\"'&#13;\n\t\xef\xbf\xbd\x7f\xef\xbf\xbd gr\xc3\xbcn "
        "\xf0\x9f\x90\x9f</b></a>");
  CHECK(fits_xml("a\tb\r\n"));
  CHECK_FALSE(fits_xml("a\x0b"));
  CHECK_FALSE(fits_xml("\xef\xbf\xbe"));
}

TEST_CASE("EC2: what is absent is left out; an empty list and an empty text are empty elements") {
  Element element("a");
  element.text_if("none", std::nullopt)
      .text_if("one", "1")
      .text("empty", "")
      .set("set", {})
      .flag("yes", true)
      .number("n", 7);
  element.time("at", Instant(Duration(1500)));
  CHECK(
      element.render() ==
      "<a><one>1</one><empty/><set/><yes>true</yes><n>7</n><at>1970-01-01T00:00:01.500Z</at></a>");
}

TEST_CASE("EC2: values are found by their path, through lists, but for empty ones") {
  Element group("group");
  group.text("groupId", "sg-1");
  Element other("group");
  other.text("groupId", "sg-2").text("empty", "");
  Element element("a");
  element.set("groupSet", {group, other}).text("reason", "").set("kinds", {text_item("x")});
  element.add(Element("state").text("name", "running"));
  CHECK(element.values("groupSet/groupId") == Values{"sg-1", "sg-2"});
  CHECK(element.values("state/name") == Values{"running"});
  CHECK(element.values("kinds") == Values{"x"});
  CHECK(element.values("reason").empty());
  CHECK(element.values("groupSet").empty());
  CHECK(element.values("state/name/more").empty());
  CHECK(element.values("").empty());
}

TEST_CASE("EC2: an answer bears the request's id first, in a name space that ends in a slash") {
  Element content("content");
  content.text("return", "true");
  CHECK(response_document("RebootInstances", "2016-11-15", "id<1", content) ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<RebootInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"
        "<requestId>id&lt;1</requestId><return>true</return></RebootInstancesResponse>");
}

TEST_CASE("EC2: an error is Code and Message, in this order and alone") {
  const Error error{ErrorCode::instance_id_not_found, "The instance ID 'i-<1>' does not exist"};
  CHECK(error_document(error, "r1") ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code>"
        "<Message>The instance ID 'i-&lt;1&gt;' does not exist</Message></Error></Errors>"
        "<RequestID>r1</RequestID></Response>");
  CHECK(sts_error_document({ErrorCode::unavailable, "later"}, "r2") ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
        "<Type>Receiver</Type><Code>Unavailable</Code><Message>later</Message></Error>"
        "<RequestId>r2</RequestId></ErrorResponse>");
}

TEST_CASE("EC2: statuses are 400 but where clients act on another") {
  const auto status_of_name = [](std::string_view name) {
    for (std::size_t i = 0; i < error_code_count; ++i) {
      const auto code = static_cast<ErrorCode>(i);
      if (to_string(code) == name) {
        return status_of(code);
      }
    }
    return 0;
  };
  CHECK(status_of_name("DryRunOperation") == 412);
  CHECK(status_of_name("AuthFailure") == 401);
  CHECK(status_of_name("UnauthorizedOperation") == 403);
  CHECK(status_of_name("InternalError") == 500);
  CHECK(status_of_name("InsufficientInstanceCapacity") == 500);
  CHECK(status_of_name("Unavailable") == 503);
  CHECK(status_of_name("RequestLimitExceeded") == 503);
  for (const char* name : {"InvalidAction", "MissingParameter", "InvalidParameterValue",
                           "InvalidInstanceID.Malformed", "IncorrectInstanceState"}) {
    CHECK(status_of_name(name) == 400);
  }
}

}  // namespace
}  // namespace vsim::ec2
