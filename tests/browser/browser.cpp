#include "tests/browser/browser.h"

#include <iostream>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "tests/harness/eventually.h"
#include "tests/harness/failure_note.h"
#include "tests/harness/programs.h"

namespace browser {
namespace {

using harness::Json;
using harness::json_quoted;

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      throw BrowserError("no pipe to be had");
    }
    out = ends[0];
    in = ends[1];
  }
  int out;
  int in;
};

std::vector<std::string> command_line(const std::string& profile) {
  return {harness::find_program("VSIM_CHROMIUM", "chromium"), "--headless=new",
          "--remote-debugging-pipe",
          "--no-sandbox",  // it refuses to run as root otherwise; it sees nothing but our own page
          "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking",
          "--disable-component-update", "--disable-extensions", "--disable-sync", "--no-first-run",
          "--no-default-browser-check", "--no-proxy-server", "--password-store=basic",
          // A page that nobody looks at is drawn and timed like any other.
          "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
          "--disable-background-timer-throttling", "--window-size=1400,1000",
          // The name of a page that its owner has made to lead to this machine.
          std::string("--host-resolver-rules=MAP ") + foreign_host +
              " 127.0.0.1 , MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
          "--user-data-dir=" + profile, "about:blank"};
}

// Where the middle of the element is once it has not moved from one frame to the next (or for as
// long as two frames take, on a busy machine that draws none); null while there is none, it is
// hidden, disabled, or something else lies over it.
constexpr const char* middle_of = R"((async element => {{
  if (!element || element.disabled) return null;
  element.scrollIntoView({{block: 'center'}});
  const frame = () => new Promise(done => {{
    requestAnimationFrame(done);
    setTimeout(done, 250);
  }});
  const place = () => element.getBoundingClientRect();
  const before = place();
  await frame();
  await frame();
  const box = place();
  if (box.width === 0 || box.top !== before.top || box.left !== before.left) return null;
  const x = box.left + box.width / 2, y = box.top + box.height / 2;
  const top = document.elementFromPoint(x, y);
  return top && (element.contains(top) || top.contains(element)) ? {{x, y}} : null;
}})({}))";

}  // namespace

Browser::Browser() : scratch_("vsim-browser") {
  Pipe commands;
  Pipe answers;
  tools_ = std::make_unique<DevTools>(commands.in, answers.out);
  harness::ChildOptions child;
  child.argv = command_line(scratch_.path() + "/profile");
  child.environment = {{"HOME", scratch_.path()}};
  child.log_path = scratch_.path() + "/chromium.log";
  child.descriptors = {commands.out, answers.in};
  process_ = harness::ChildProcess::spawn(child);
  ::close(commands.out);
  ::close(answers.in);
  const Json page = tools_->call("Target.createTarget", R"({"url":"about:blank"})");
  const Json session = tools_->call(
      "Target.attachToTarget",
      fmt::format(R"({{"targetId":{},"flatten":true}})", json_quoted(page["targetId"].text())));
  tools_->attach(session["sessionId"].text());
  for (const char* domain : {"Page", "Runtime", "Log", "Network"}) {
    tools_->call(std::string(domain) + ".enable");
  }
}

Browser::~Browser() {
  if (harness::test_is_failing()) {
    report();
  }
  // Asked to close, it takes all its processes along, which a SIGKILL would leave for a moment.
  try {
    tools_->attach("");
    tools_->call("Browser.close");
  } catch (const std::exception& error) {
    std::cerr << "--- the browser does not close: " << error.what() << "\n";
  }
  if (!process_.wait(std::chrono::seconds(10))) {
    process_.kill();
  }
}

void Browser::report() {
  std::cerr << "--- what the browser logged: " << scratch_.path() << "/chromium.log (kept)\n"
            << harness::tail_of(process_.log_path());
  try {
    save_picture(scratch_.path() + "/page.png");
    std::cerr << "--- the page: " << scratch_.path() << "/page.png (kept)\n";
  } catch (const std::exception& error) {
    std::cerr << "--- no picture of the page: " << error.what() << "\n";
  }
}

void Browser::open(const std::string& url) {
  const Json result = tools_->call("Page.navigate", R"({"url":)" + json_quoted(url) + "}");
  if (result.has("errorText")) {
    throw BrowserError(url + ": " + result["errorText"].text());
  }
}

Json Browser::evaluate(const std::string& expression) {
  const Json answer =
      tools_->call("Runtime.evaluate",
                   fmt::format(R"({{"expression":{},"returnByValue":true,"awaitPromise":true}})",
                               json_quoted(expression)));
  if (answer.has("exceptionDetails")) {
    const Json& thrown = answer["exceptionDetails"];
    throw BrowserError(expression + ": " +
                       (thrown.has("exception") && thrown["exception"].has("description")
                            ? thrown["exception"]["description"].text()
                            : thrown["text"].text()));
  }
  return answer["result"].has("value") ? answer["result"]["value"] : Json();
}

std::string Browser::text_of(const std::string& element) {
  return evaluate("(" + element + ").textContent").text();
}

void Browser::wait_until(const std::string& condition, std::chrono::milliseconds wait_max) {
  const auto holds = [&] { return evaluate("Boolean(" + condition + ")").boolean(); };
  if (!harness::eventually(holds, wait_max)) {
    throw BrowserError(fmt::format("not so after {} ms: {}; the page reads:\n{}", wait_max.count(),
                                   condition,
                                   evaluate("document.body.innerText").text().substr(0, 3000)));
  }
}

void Browser::click(const std::string& element) {
  Json place;
  const auto found = [&] {
    place = evaluate(fmt::format(middle_of, element));
    return !place.is_null();
  };
  if (!harness::eventually(found, std::chrono::seconds(30))) {
    throw BrowserError("cannot be clicked: " + element);
  }
  for (const char* what : {"mousePressed", "mouseReleased"}) {
    tools_->call("Input.dispatchMouseEvent",
                 fmt::format(R"({{"type":"{}","x":{},"y":{},"button":"left","clickCount":1}})",
                             what, place["x"].number(), place["y"].number()));
  }
}

void Browser::type(const std::string& element, const std::string& text) {
  click(element);
  evaluate("(" + element + ").select()");
  tools_->call("Input.insertText", R"({"text":)" + json_quoted(text) + "}");
  wait_until("(" + element + ").value === " + json_quoted(text));
}

void Browser::choose(const std::string& element, const std::string& value) {
  wait_until(fmt::format("[...({}).options].some(option => option.value === {})", element,
                         json_quoted(value)));
  // A select's list is drawn by the desktop, which there is none of; this is what it would do.
  evaluate(
      fmt::format("(select => {{ select.value = {};"
                  "select.dispatchEvent(new Event('change', {{bubbles: true}})); }})({})",
                  json_quoted(value), element));
}

void Browser::show_as(int width, int height, const std::string& colours) {
  tools_->call("Emulation.setDeviceMetricsOverride",
               fmt::format(R"({{"width":{},"height":{},"deviceScaleFactor":1,"mobile":{}}})", width,
                           height, width < 600));
  tools_->call(
      "Emulation.setEmulatedMedia",
      fmt::format(R"({{"features":[{{"name":"prefers-color-scheme","value":"{}"}}]}})", colours));
}

const std::vector<std::string>& Browser::requested() {
  sort_events();
  return requested_;
}

const std::string& Browser::complaints() {
  sort_events();
  return complaints_;
}

void Browser::save_picture(const std::string& path) {
  const Json picture = tools_->call("Page.captureScreenshot");
  harness::write_file(path + ".base64", picture["data"].text());
  harness::ChildOptions decode;
  decode.argv = {"/usr/bin/base64", "-d", path + ".base64"};
  decode.log_path = path;
  harness::run_program(decode);
}

void Browser::sort_events() {
  evaluate("1");  // what has happened before comes with the answer
  for (const Json& event : tools_->take_events()) {
    const std::string method = event["method"].text();
    const Json& reported = event["params"];
    if (method == "Network.requestWillBeSent") {
      const std::string url = reported["request"]["url"].text();
      if (!url.starts_with("data:")) {
        requested_.push_back(url);
      }
    } else if (method == "Log.entryAdded") {
      const Json& entry = reported["entry"];
      if (const std::string level = entry["level"].text(); level == "error" || level == "warning") {
        complaints_ += entry["source"].text() + " " + level + ": " + entry["text"].text() + "\n";
      }
    } else if (method == "Runtime.exceptionThrown") {
      complaints_ += "exception: " + reported["exceptionDetails"]["text"].text() + "\n";
    } else if (method == "Runtime.consoleAPICalled") {
      if (const std::string kind = reported["type"].text(); kind == "error" || kind == "warning") {
        const Json first = reported["args"].at(0);
        complaints_ += "console " + kind + ": " +
                       (first.has("value") ? first["value"].text() : "an object") + "\n";
      }
    }
  }
}

}  // namespace browser
