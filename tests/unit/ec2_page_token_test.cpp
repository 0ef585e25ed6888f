// Goal: pages go on as they began, also where a call sends the token alone; no other text is one.
// Method: tokens there and back, and each of their bytes changed.

#include <doctest/doctest.h>

#include "api/ec2/page_token.h"

namespace vsim::ec2 {
namespace {

const FilterTable table{"image-id tag:"};
constexpr std::string_view subject = "DescribeInstances:us-east-1:default";

Reply<PageRequest> read(const std::string& query, std::string_view of = subject) {
  return read_page_request(Parameters::read(query, "").value(), table, of);
}

const std::string filter = "&Filter.1.Name=image-id&Filter.1.Value.1=ami-*&Filter.1.Value.2=";

TEST_CASE("EC2: a page is as large as asked for, within the bounds") {
  CHECK(read("")->size == page_size_max);
  CHECK_FALSE(read("")->is_paged);
  CHECK(read("MaxResults=5")->size == 5);
  CHECK(read("MaxResults=5")->is_paged);
  CHECK(read("MaxResults=5000")->size == page_size_max);
  CHECK(read("MaxResults=1").error().message ==
        "Value ( 1 ) for parameter maxResults is invalid. Expecting a value greater than 5.");
  CHECK(read("MaxResults=x").error().code == ErrorCode::invalid_parameter_value);
}

TEST_CASE("EC2: a token alone goes on with the size and the filters of the first call") {
  const auto first = read("MaxResults=7" + filter);
  const std::string token = next_token(*first, subject, "position");
  const auto next = read("NextToken=" + token);
  REQUIRE(next);
  CHECK(next->filters == first->filters);
  CHECK(next->size == 7);
  CHECK(next->after == "position");
  CHECK(read("MaxResults=9&NextToken=" + token + filter)->size == 9);
  CHECK_FALSE(read("NextToken=" + token + "&Filter.1.Name=image-id&Filter.1.Value.1=ami-1"));
  CHECK_FALSE(read("NextToken=" + token, "DescribeInstances:eu-west-1:default"));
}

TEST_CASE("EC2: filters that are too long for a token must be sent again") {
  PageRequest page;
  page.filters = {{"image-id", {std::string(5000, 'x')}}};
  const std::string token = next_token(page, subject, "p");
  CHECK(token.size() < 100);
  CHECK_FALSE(read("NextToken=" + token));
  CHECK(read("NextToken=" + token +
             "&Filter.1.Name=image-id&Filter.1.Value.1=" + std::string(5000, 'x')));
}

TEST_CASE("EC2: a token that is changed by one character is none") {
  const std::string token = next_token(*read("MaxResults=7" + filter), subject, "position");
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(read("NextToken=" + changed));
  }
  for (const std::string& text : {std::string("x"), token + "A", token.substr(1),
                                  std::string(10'000, 'A'), std::string("%3D%3D")}) {
    const auto page = read("NextToken=" + text);
    REQUIRE_FALSE(page);
    CHECK(page.error().code == ErrorCode::invalid_parameter_value);
  }
  CHECK(read("NextToken=x").error().message ==
        "Value ( x ) for parameter nextToken is invalid. The token is invalid.");
}

}  // namespace
}  // namespace vsim::ec2
