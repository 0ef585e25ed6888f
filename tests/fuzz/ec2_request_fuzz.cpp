// Requests of EC2's clients: the query string, or the header Authorization, a bar, and the body.
// What is read can be shown again, an id parses as it was derived, and a page's token is one only
// as it was made.

#include <algorithm>
#include <string_view>

#include "api/ec2/page_token.h"
#include "api/ec2/parameters.h"
#include "api/ec2/resource_ids.h"
#include "api/ec2/signature.h"
#include "api/ec2/wildcards.h"
#include "api/ec2/xml.h"
#include "schema/http/base64url.h"
#include "tests/fuzz/property.h"

namespace {

using namespace vsim::ec2;
using vsim::fuzz::must_hold;

constexpr std::string_view subject = "DescribeInstances";
const FilterTable table{"image-id instance-id tag: tag-key tag-value"};

void check_lists(const Parameters& parameters) {
  for (const char* name : {"InstanceId", "Filter", "Tag"}) {
    const auto elements = parameters.elements(name);
    for (const std::string& element : elements) {
      must_hold(element.size() > std::string_view(name).size() + 1, "an element has an index");
    }
    const auto texts = parameters.list(name);
    must_hold(!texts || texts->size() <= elements.size(), "a text is of an element");
    must_hold(!texts || std::find(texts->begin(), texts->end(), "") == texts->end(),
              "an empty text is none");
  }
}

void check_ids(const Parameters& parameters) {
  for (const std::string& id : parameters.list_even_empty("InstanceId")) {
    const auto digits = instance_digits(id);
    must_hold(digits.has_value() == is_resource_id(id, "i"), "an id is one or an error");
    must_hold(!digits || "i-" + *digits == id, "an id is its prefix and its digits");
    must_hold(digits || !error_document(digits.error(), "r").empty(), "an error can be shown");
  }
}

void check_pages(const Parameters& parameters) {
  const auto page = read_page_request(parameters, table, subject);
  if (!page) {
    must_hold(status_of(page.error().code) == 400, "a page is refused as the client's mistake");
    return;
  }
  must_hold(page->size >= page_size_least || !page->after.empty(), "a page has its least size");
  must_hold(page->size <= page_size_max, "a page has its most size");
  const std::string token = next_token(*page, subject, "after");
  const auto again =
      read_page_request(Parameters::read("NextToken=" + token, "").value(), table, subject);
  must_hold(!again || (again->filters == page->filters && again->after == "after"),
            "a token goes on as it began");
}

void check_patterns(const Parameters& parameters) {
  for (const auto& [name, value] : parameters.all()) {
    const auto only = only_text_of(value);
    must_hold(!only || matches_pattern(value, *only), "the only text of a pattern fits it");
    must_hold(matches_pattern("*", value), "a star fits all");
    must_hold(fits_xml(value) && fits_xml(name), "what is read can be shown");
    const auto bytes = vsim::http::from_base64(value);
    const auto* data = bytes ? reinterpret_cast<const std::uint8_t*>(bytes->data()) : nullptr;
    must_hold(
        !bytes || vsim::http::from_base64(vsim::http::to_base64({data, bytes->size()})) == bytes,
        "base64 is read as written");
  }
}

void check_signatures(std::string_view line, std::string_view body) {
  const auto parameters = Parameters::read("", body);
  if (!parameters) {
    return;
  }
  const SentRequest request{.method = "POST",
                            .path = "/",
                            .query = "",
                            .headers = {{"Host", "h"}, {"Authorization", line}},
                            .body = body};
  const auto signature = read_signature(request, *parameters);
  must_hold(!signature || !*signature ||
                !check_signature(**signature, request, *parameters, "secret", vsim::Instant()),
            "nobody signs without the secret");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view line = text.substr(0, text.find('|'));
  const std::string_view body = text.substr(std::min(line.size() + 1, text.size()));
  check_signatures(line, body);
  const auto parameters = Parameters::read(line, body);
  if (!parameters) {
    must_hold(fits_xml(parameters.error().message), "a refusal can be shown");
    return 0;
  }
  check_lists(*parameters);
  check_ids(*parameters);
  check_pages(*parameters);
  check_patterns(*parameters);
  return 0;
}
