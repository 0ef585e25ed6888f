#include "tests/harness/standing_headers.h"

namespace harness {
namespace {

HttpHeaders& standing() {
  static HttpHeaders headers;
  return headers;
}

}  // namespace

StandingHeaders::StandingHeaders(HttpHeaders headers) { standing() = std::move(headers); }
StandingHeaders::~StandingHeaders() { standing().clear(); }
const HttpHeaders& StandingHeaders::current() { return standing(); }

}  // namespace harness
