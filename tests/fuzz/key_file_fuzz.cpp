// The file of the API's keys: what is read keeps the limits, and is read again as it was written.

#include <algorithm>
#include <string_view>

#include "schema/http/api_keys.h"
#include "tests/fuzz/property.h"

namespace {

using namespace vsim;
using fuzz::must_hold;

bool same(const http::ApiKey& a, const http::ApiKey& b) {
  return a.name == b.name && a.role == b.role && a.account == b.account && a.hash == b.hash &&
         a.made_at == b.made_at && a.access_key_id == b.access_key_id;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto keys = http::read_keys(text);
  if (!keys) {
    must_hold(!keys.error().empty(), "a refusal says why");
    return 0;
  }
  must_hold(keys->size() <= http::api_keys_max, "keys are no more than are allowed");
  for (const auto& key : *keys) {
    must_hold(key.name.size() <= http::key_name_characters_max, "a name is not too long");
    must_hold(!complaint_about_account(key.account), "an account's name is one");
  }
  const auto again = http::read_keys(http::render_keys(*keys));
  must_hold(again && std::equal(keys->begin(), keys->end(), again->begin(), again->end(), same),
            "the file is read as it was written");
  return 0;
}
