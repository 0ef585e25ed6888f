// Goal: issue 12: a page of another web site can neither write to a vsim without keys nor read it,
// not even when its name resolves to this machine; the API's own page can do both.
// Method: a real browser with pages of other origins (the worker's metrics, by address and by a
// foreign name, and a frame of no origin), which try what pages can send without asking first.

#include <string>

#include <doctest/doctest.h>

#include "tests/browser/visit.h"

using browser::Visit;

namespace {

/// What became of a fetch by the page: its status, "opaque" where a page may not see it, or
/// "blocked".
std::string fetched(Visit& visit, const std::string& url, const std::string& options) {
  return visit.browser
      .evaluate("fetch('" + url + "', " + options +
                ").then(a => a.type === 'opaque' ? 'opaque' : String(a.status), () => 'blocked')")
      .text();
}

/// Opens a page and waits until the browser is there.
void open(Visit& visit, const std::string& url) {
  visit.browser.open(url);
  visit.browser.wait_until("document.readyState === 'complete' && location.href.startsWith('" +
                           url + "')");
}

void check_shut_out(Visit& visit) {
  const std::string clock = visit.origin + "/clock";
  const std::string body = R"('{"advance_seconds":86400}')";
  for (const std::string& options :
       {"{method: 'POST', mode: 'no-cors', body: new Blob([" + body + "])}",
        "{method: 'POST', mode: 'no-cors', body: " + body + "}",
        "{method: 'POST', mode: 'no-cors', body: new Blob([" + body +
            "], {type: 'application/x-www-form-urlencoded'})}",
        std::string("{method: 'GET', mode: 'no-cors'}")}) {
    CAPTURE(options);
    CHECK(fetched(visit, clock, options) == "opaque");
  }
  CHECK(fetched(visit, clock, "{}") == "blocked");
  CHECK(fetched(visit, clock,
                "{method: 'POST', headers: {'Content-Type': 'application/json'}, body: " + body +
                    "}") == "blocked");
  CHECK(fetched(visit, visit.origin + "/servers/x", "{method: 'DELETE'}") == "blocked");
}

/// What became of a write by a frame of no origin, in the page that is open.
std::string write_from_sandbox(Visit& visit) {
  const std::string script =
      "<script>fetch(`" + visit.origin +
      "/clock`, {method: `POST`, mode: `no-cors`, body: `{\"advance_seconds\":86400}`})"
      ".then(a => parent.postMessage(a.type, `*`), () => parent.postMessage(`blocked`, `*`))"
      "</script>";
  return visit.browser
      .evaluate(
          "new Promise(done => {"
          "addEventListener('message', message => done(message.data));"
          "const frame = document.createElement('iframe');"
          "frame.sandbox = 'allow-scripts';"
          "frame.srcdoc = '" +
          script + "'; document.body.append(frame); })")
      .text();
}

}  // namespace

TEST_CASE("issue 12: pages of other origins write nothing and read nothing") {
  Visit visit;
  harness::HttpClient client = visit.fleet.client();
  const std::string began = client.get("/clock").json()["now"].text().substr(0, 10);
  const std::string port = ":" + std::to_string(visit.fleet.worker_port());
  double refused = 0;
  for (const std::string& page :
       {"http://127.0.0.1" + port + "/healthz",
        std::string("http://") + browser::foreign_host + port + "/healthz"}) {
    CAPTURE(page);
    open(visit, page);
    check_shut_out(visit);
    const double now_refused = visit.fleet.api_metric("vsim_http_foreign_total");
    CHECK(now_refused >= refused + 7);
    refused = now_refused;
  }
  CHECK(write_from_sandbox(visit) == "opaque");
  CHECK(visit.fleet.api_metric("vsim_http_foreign_total") == refused + 1);
  CHECK(client.get("/clock").json()["now"].text().substr(0, 10) == began);
  CHECK(client.get("/servers").json()["total"].integer() == 0);

  // It was not the request itself: the API's own page sends the same and is heard.
  open(visit, visit.origin + "/swagger/index.html");
  CHECK(fetched(visit, visit.origin + "/clock",
                R"({method: 'POST', headers: {'Content-Type': 'application/json'},
                    body: '{"advance_seconds":864000}'})") == "200");
  CHECK(client.get("/clock").json()["now"].text().substr(0, 10) != began);
}

TEST_CASE("issue 12: a page whose name leads to the API is shut out, though of its origin") {
  Visit visit;
  const std::string rebound =
      std::string("http://") + browser::foreign_host + ":" + std::to_string(visit.fleet.api_port());
  open(visit, rebound + "/servers");
  CHECK(visit.browser.text_of("document.body").find("HTTP_HOSTS") != std::string::npos);
  CHECK(fetched(visit, rebound + "/servers", "{}") == "403");
  CHECK(fetched(visit, rebound + "/clock",
                R"({method: 'POST', headers: {'Content-Type': 'application/json'},
                    body: '{"advance_seconds":1}'})") == "403");
}

TEST_CASE("a link from another page leads to Swagger UI") {
  Visit visit;
  open(visit, "http://127.0.0.1:" + std::to_string(visit.fleet.worker_port()) + "/healthz");
  visit.browser.evaluate("document.body.innerHTML = '<a href=\"" + visit.origin +
                         "/swagger/index.html\">vsim</a>'");
  visit.browser.click("document.querySelector('a')");
  visit.browser.wait_until("location.href.startsWith('" + visit.origin +
                           "') && document.querySelector('.swagger-ui .info')");
}
