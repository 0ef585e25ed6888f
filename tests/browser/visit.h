#pragma once

// A person at Swagger UI's page, before a fleet of the test's own.

#include <string>

#include <doctest/doctest.h>

#include "tests/browser/swagger_page.h"
#include "tests/harness/fleet.h"
#include "tests/harness/programs.h"

namespace browser {

struct Visit {
  harness::Fleet fleet{{.settings = {{"SWAGGER_DIR", harness::swagger_dir()}}}};
  std::string origin = "http://127.0.0.1:" + std::to_string(fleet.api_port());
  Browser browser;

  Visit() { open_page(); }
  /// Anew, with all fields as they come.
  void open_page() { browser.open(origin + "/swagger/index.html"); }
  /// The button "Authorize", with a key.
  void authorize(const std::string& key) {
    browser.click("document.querySelector('.btn.authorize')");
    browser.type("document.querySelector('.auth-container input')", key);
    browser.click("document.querySelector('.auth-container .modal-btn.authorize')");
    browser.click("document.querySelector('.auth-container .btn-done')");
    browser.wait_until("!document.querySelector('.auth-container')");
  }
  Operation operation(const std::string& tag, const std::string& id) { return {browser, tag, id}; }
};

/// Checks that the answer has this status and that the document lists it.
inline void check_status(const ShownAnswer& answer, int status) {
  CAPTURE(answer.body);
  CHECK(answer.status == status);
  CHECK(answer.documented);
}

}  // namespace browser
