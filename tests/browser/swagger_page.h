#pragma once

// Swagger UI as a person uses it: an operation is opened, its fields are filled in, Execute is
// pressed, and the answer is read off the page. Threads: one.

#include <string>

#include "tests/browser/browser.h"

namespace browser {

/// What the page shows of an answer.
struct ShownAnswer {
  int status = 0;
  bool documented = false;  // the page says "Undocumented" of a status that openapi.json lacks
  std::string body;         // as text; JSON is laid out anew
  std::string headers;      // lines of "name: value"

  harness::Json json() const { return harness::Json::parse(body); }
  std::string header(const std::string& name) const;  // in lower case
};

/// One operation with "Try it out" pressed. It is opened when it is used and others are closed,
/// with what stands in their fields: the page is slow with many open.
class Operation {
 public:
  Operation(Browser& browser, const std::string& tag, const std::string& operation_id);

  /// A parameter: typed, or picked from its list.
  Operation& fill(const std::string& parameter, const std::string& text);
  Operation& pick(const std::string& parameter, const std::string& value);
  /// The body: typed, or one of the examples by its name.
  Operation& body(const std::string& text);
  Operation& pick_body(const std::string& example);
  /// The media type of the answer.
  Operation& accept(const std::string& type);

  ShownAnswer execute();

 private:
  void open();
  std::string part(const std::string& selector) const;
  std::string field(const std::string& parameter, const std::string& kind) const;

  Browser& browser_;
  std::string block_;  // selector of the operation's block
};

}  // namespace browser
