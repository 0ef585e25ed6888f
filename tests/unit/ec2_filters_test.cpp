// Goal: filters select what EC2's would: values of one are or, filters are and, wildcards and
// absent values count everywhere, and a name that EC2 does not know is an error.
// Method: patterns against texts, and filters against a resource with lists and tags.

#include <string>

#include <doctest/doctest.h>

#include "api/ec2/filters.h"
#include "api/ec2/wildcards.h"

namespace vsim::ec2 {
namespace {

TEST_CASE("EC2: * is any run, ? one character, and a backslash takes the next as it is") {
  struct Row {
    std::string_view pattern;
    std::string_view text;
    bool fits;
  };
  for (const auto& [pattern, text, fits] : {Row{"", "", true},
                                            {"", "a", false},
                                            {"a", "a", true},
                                            {"a", "A", false},
                                            {"a", "ab", false},
                                            {"*", "", true},
                                            {"*", "abc", true},
                                            {"a*c", "abbc", true},
                                            {"a*c", "abcd", false},
                                            {"a*b*c", "a-b-b-c", true},
                                            {"*a*a*", "aba", true},
                                            {"?", "", false},
                                            {"?", "\xc3\xbc", true},
                                            {"a?c", "abc", true},
                                            {"a??", "ab", false},
                                            {"\\*", "*", true},
                                            {"\\*", "a", false},
                                            {"\\?x", "?x", true},
                                            {"\\\\", "\\", true},
                                            {"\\", "\\", true},
                                            {"2021-09-29T*", "2021-09-29T11:04:43.305Z", true},
                                            {"**a", "ba", true}}) {
    INFO(pattern, " ", text);
    CHECK(matches_pattern(pattern, text) == fits);
  }
}

TEST_CASE("EC2: many stars take no more time than the lengths multiplied") {
  std::string pattern;
  for (int i = 0; i < 120; ++i) {
    pattern += "a*";
  }
  CHECK_FALSE(matches_pattern(pattern + "b", std::string(10'000, 'a')));
}

TEST_CASE("EC2: a pattern without wildcards is one text") {
  CHECK(only_text_of("a\\*b\\") == "a*b\\");
  CHECK(only_text_of("") == "");
  CHECK_FALSE(only_text_of("a*"));
  CHECK_FALSE(only_text_of("a?"));
}

constexpr FilterPath paths[] = {{"instance-state-name", "instanceState/name"}};
const FilterTable table{
    "image-id instance-state-name owner-id reason attachment.device tag: "
    "tag-key tag-value",
    paths};

Element resource() {
  Element web("tag");
  web.text("key", "Name").text("value", "web");
  Element empty("tag");
  empty.text("key", "empty").text("value", "");
  Element element("item");
  element.text("imageId", "ami-1")
      .add(Element("instanceState").text("name", "running"))
      .set("tagSet", {web, empty})
      .text("reason", "");
  return element;
}

bool selects(std::string_view query) {
  const auto parameters = Parameters::read(query, "");
  REQUIRE(parameters);
  const auto filters = read_filters(*parameters, table);
  REQUIRE(filters);
  return fits_all(*filters, table, resource());
}

TEST_CASE("EC2: values are or, filters are and, also two of one name") {
  CHECK(selects(""));
  CHECK(selects("Filter.1.Name=image-id&Filter.1.Value.1=ami-2&Filter.1.Value.2=ami-1"));
  CHECK_FALSE(selects("Filter.1.Name=image-id&Filter.1.Value.1=ami-2"));
  CHECK(
      selects("Filter.1.Name=image-id&Filter.1.Value.1=ami-?"
              "&Filter.0.Name=instance-state-name&Filter.0.Value.0=run*"));
  CHECK_FALSE(
      selects("Filter.1.Name=image-id&Filter.1.Value.1=ami-1"
              "&Filter.2.Name=instance-state-name&Filter.2.Value.1=stopped"));
  CHECK(
      selects("Filter.1.Name=tag-key&Filter.1.Value.1=Name"
              "&Filter.2.Name=tag-key&Filter.2.Value.1=empty"));
  CHECK_FALSE(
      selects("Filter.1.Name=tag-key&Filter.1.Value.1=Name"
              "&Filter.2.Name=tag-key&Filter.2.Value.1=other"));
}

TEST_CASE("EC2: a value that is absent fits only the empty one") {
  for (const char* name : {"owner-id", "attachment.device", "reason", "tag:other"}) {
    INFO(name);
    const std::string filter = "Filter.1.Name=" + std::string(name) + "&Filter.1.Value.1=";
    CHECK(selects(filter));
    CHECK_FALSE(selects(filter + "*"));
  }
}

TEST_CASE("EC2: tags are found by key, by value and by both") {
  CHECK(selects("Filter.1.Name=tag:Name&Filter.1.Value.1=w*b"));
  CHECK_FALSE(selects("Filter.1.Name=tag:name&Filter.1.Value.1=web"));
  CHECK(selects("Filter.1.Name=tag:empty&Filter.1.Value.1="));
  CHECK(selects("Filter.1.Name=tag:empty&Filter.1.Value.1=*"));
  CHECK(selects("Filter.1.Name=tag-value&Filter.1.Value.1=web"));
}

TEST_CASE("EC2: filters that do not exist, or are too many, are refused") {
  const auto error_of = [](std::string_view query) {
    const auto filters = read_filters(Parameters::read(query, "").value(), table);
    REQUIRE_FALSE(filters);
    return filters.error();
  };
  CHECK(error_of("Filter.1.Name=nope&Filter.1.Value.1=x") ==
        Error{ErrorCode::invalid_parameter_value, "The filter 'nope' is invalid"});
  CHECK(error_of("Filter.1.Value.1=x").message == "The filter 'null' is invalid");
  CHECK(error_of("Filter.1.Name=tag:&Filter.1.Value.1=x").message ==
        "The filter 'tag:' is invalid");
  CHECK(error_of("Filter.1.Name=image-id").code == ErrorCode::missing_parameter);
  std::string many;
  for (std::size_t i = 1; i <= filter_values_max; ++i) {
    many += "&Filter.1.Value." + std::to_string(i) + "=x";
  }
  CHECK(read_filters(Parameters::read("Filter.1.Name=image-id" + many, "").value(), table));
  CHECK(error_of("Filter.1.Name=image-id&Filter.1.Value.0=x" + many) ==
        Error{ErrorCode::filter_limit_exceeded,
              "The maximum number of filter values specified on a single call is 200"});
}

}  // namespace
}  // namespace vsim::ec2
