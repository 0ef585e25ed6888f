#include "tests/browser/swagger_page.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace browser {
namespace {

constexpr const char* open_operation = "document.querySelector('.opblock.is-open')";
// Of the answer, the newest: Clear has taken away the one before.
constexpr const char* shown_status = ".live-responses-table tbody .response-col_status";
constexpr const char* shown_body = ".live-responses-table .highlight-code pre";

// As Swagger UI makes it a part of an id.
std::string name_of(std::string tag) {
  std::replace(tag.begin(), tag.end(), ' ', '_');
  return tag;
}

}  // namespace

std::string ShownAnswer::header(const std::string& name) const {
  std::istringstream lines(headers);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + ": ")) {
      return line.substr(name.size() + 2);
    }
  }
  return "";
}

Operation::Operation(Browser& browser, const std::string& tag, const std::string& operation_id)
    : browser_(browser), block_("#operations-" + name_of(tag) + "-" + operation_id) {
  browser_.wait_until(part(""));
  open();
}

void Operation::open() {
  if (browser_.evaluate("Boolean(" + part(".execute") + ")").boolean()) {
    return;
  }
  if (browser_.evaluate("Boolean(" + std::string(open_operation) + ")").boolean()) {
    browser_.click(std::string(open_operation) + ".querySelector('.opblock-summary-control')");
    browser_.wait_until("!" + std::string(open_operation));
  }
  browser_.click(part(".opblock-summary-control"));
  browser_.wait_until(part(".opblock-body"));
  if (!browser_.evaluate("Boolean(" + part(".execute") + ")").boolean()) {
    browser_.click(part(".try-out__btn"));
    browser_.wait_until(part(".execute"));
  }
}

Operation& Operation::fill(const std::string& parameter, const std::string& text) {
  open();
  browser_.type(field(parameter, ":is(input, textarea)"), text);
  return *this;
}

Operation& Operation::pick(const std::string& parameter, const std::string& value) {
  open();
  browser_.choose(field(parameter, "select:not(.examples-select-element)"), value);
  return *this;
}

Operation& Operation::body(const std::string& text) {
  open();
  browser_.type(part(".body-param__text"), text);
  return *this;
}

Operation& Operation::pick_body(const std::string& example) {
  open();
  browser_.choose(part(".opblock-section-request-body .examples-select-element"), example);
  return *this;
}

Operation& Operation::accept(const std::string& type) {
  open();
  browser_.choose(part(".response-control-media-type--accept-controller select"), type);
  return *this;
}

ShownAnswer Operation::execute() {
  open();
  if (browser_.evaluate("Boolean(" + part(".btn-clear") + ")").boolean()) {
    browser_.click(part(".btn-clear"));
    browser_.wait_until("!" + part(shown_status));
  }
  browser_.click(part(".execute"));
  browser_.wait_until(part(shown_status), std::chrono::seconds(90));
  ShownAnswer answer;
  const std::string status = browser_.text_of(part(shown_status));
  answer.status = std::atoi(status.c_str());
  answer.documented = status.find("Undocumented") == std::string::npos;
  answer.body = browser_.evaluate(part(shown_body) + "?.textContent ?? ''").text();
  answer.headers = browser_
                       .evaluate(fmt::format("[...document.querySelectorAll('{} .headerline')]"
                                             ".map(line => line.textContent.trim()).join('\\n')",
                                             block_))
                       .text();
  return answer;
}

std::string Operation::part(const std::string& selector) const {
  return fmt::format("document.querySelector('{} {}')", block_, selector);
}

std::string Operation::field(const std::string& parameter, const std::string& kind) const {
  return part(fmt::format(R"([data-param-name="{}"] td:last-child {})", parameter, kind));
}

}  // namespace browser
