#pragma once

// A person at the console, before a fleet of the test's own, in which an hour passes in a minute
// (boots and stops take a twentieth of a second) and whose metrics nobody else moves.

#include <string>

#include <doctest/doctest.h>

#include "tests/browser/browser.h"
#include "tests/harness/fleet.h"

namespace browser {

inline std::string by(const std::string& selector) {
  return "document.querySelector(" + harness::json_quoted(selector) + ")";
}

struct Console {
  harness::Fleet fleet{{.settings = {{"TIME_SCALE", "60"}}}};
  std::string origin = "http://127.0.0.1:" + std::to_string(fleet.api_port());
  harness::HttpClient client = fleet.client();
  Browser browser;

  Console() { browser.open(origin + "/console/"); }

  /// By its link in the navigation.
  void go_to(const std::string& page) {
    browser.click(by("#pages a[data-page=" + page + "]"));
    wait_for_text("main h1", "");
  }

  /// Waits until the element is there and its text, or that of its fields, holds this.
  void wait_for_text(const std::string& selector, const std::string& text) {
    browser.wait_until("[..." + std::string("document.querySelectorAll(") +
                       harness::json_quoted(selector) + ")].some(element => element.textContent" +
                       ".includes(" + harness::json_quoted(text) + "))");
  }
  void click(const std::string& selector) { browser.click(by(selector)); }
  void type(const std::string& selector, const std::string& text) {
    browser.type(by(selector), text);
  }
  /// A button by its text.
  void press(const std::string& text) {
    browser.click(
        "[...document.querySelectorAll('button')].find(button => button.textContent === " +
        harness::json_quoted(text) + ")");
  }

  /// By the dialog, and waits until all of them run.
  void create(const std::string& name, int count) {
    press("Create servers");
    type("dialog input[name=name]", name);
    type("dialog input[name=count]", std::to_string(count));
    browser.choose(by("dialog select[name=region]"), "us-east-1");
    click("dialog button[type=submit]");
    browser.wait_until("!document.querySelector('dialog')");
  }

  /// The row of the server of this name.
  std::string row(const std::string& name, const std::string& within) {
    return "[...document.querySelectorAll('.rows .line')].find(row => row.querySelector('.c-name')"
           ".textContent === " +
           harness::json_quoted(name) + ")?.querySelector(" + harness::json_quoted(within) + ")";
  }
  void wait_for_row(const std::string& name, const std::string& within, const std::string& text) {
    browser.wait_until("(" + row(name, within) + ")?.textContent.includes(" +
                       harness::json_quoted(text) + ")");
  }
};

}  // namespace browser
