#pragma once

// A headless Chromium with one page, used as a person uses it: elements are clicked where they are
// visible, text is typed. It resolves no name but foreign_host and reaches loopback only. Elements
// are named by JavaScript expressions. Threads: one.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/browser/devtools.h"
#include "tests/harness/child_process.h"
#include "tests/harness/scratch_dir.h"

namespace browser {

/// The one name that the browser resolves: to this machine, as its owner could by DNS.
inline constexpr const char* foreign_host = "foreign.example";

class Browser {
 public:
  /// Starts it. VSIM_CHROMIUM names the program, else `chromium` on the PATH.
  Browser();
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  void open(const std::string& url);

  /// The value of a JavaScript expression, of its promise if it is one. Throws what it throws.
  harness::Json evaluate(const std::string& expression);
  std::string text_of(const std::string& element);

  /// Throws when the expression has not become true in time.
  void wait_until(const std::string& condition,
                  std::chrono::milliseconds wait_max = std::chrono::seconds(30));

  /// With the mouse, in the middle of the element, once it is there, stands still and nothing lies
  /// over it.
  void click(const std::string& element);
  /// Replaces what stands in an input.
  void type(const std::string& element, const std::string& text);
  /// Picks an option of a select by its value.
  void choose(const std::string& element, const std::string& value);

  /// From now on in a window of this size, with "light" or "dark" as the colours that the desktop
  /// prefers.
  void show_as(int width, int height, const std::string& colours);

  /// What the page has asked for so far; no data: URLs, which go nowhere.
  const std::vector<std::string>& requested();
  /// Errors and warnings on its console, uncaught exceptions, what its policy has blocked: a line
  /// each.
  const std::string& complaints();

  /// Writes a picture of the page, to look at when a test fails.
  void save_picture(const std::string& path);

 private:
  void sort_events();
  void report();  // to standard error: its log and where a picture of the page lies

  harness::ScratchDir scratch_;
  std::unique_ptr<DevTools> tools_;
  harness::ChildProcess process_;
  std::vector<std::string> requested_;
  std::string complaints_;
};

}  // namespace browser
