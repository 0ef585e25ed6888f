#include "api/events/event_filter.h"

#include <algorithm>

namespace vsim::api {

bool EventFilter::matches(const http::EventDocument& document) const {
  const auto is = [](const std::optional<std::string>& wanted, const std::string& found) {
    return !wanted || *wanted == found;
  };
  const auto has_tag = [&](const auto& wanted) {
    const auto found = document.tags.find(wanted.first);
    return found != document.tags.end() && found->second == wanted.second;
  };
  return is(account, document.account) && is(region, document.region) &&
         is(server, document.server_id) && is(event, document.type) &&
         is(type, document.instance_type) && is(status, document.status) &&
         (!since || (document.at && *document.at >= *since)) &&
         std::all_of(tags.begin(), tags.end(), has_tag);
}

}  // namespace vsim::api
