#include "api/ec2/instance_selection.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "api/ec2/instance_state.h"
#include "api/ec2/resource_ids.h"
#include "api/ec2/wildcards.h"
#include "domain/decimal.h"

namespace vsim::ec2 {
namespace {

// So many are read at once where filters may leave out most.
constexpr std::size_t rows_read = 1000;

std::optional<read_model::ServerPosition> read_position(std::string_view text) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  constexpr std::uint64_t time_max = 253'402'300'799'999;  // the year 9999
  const auto at = read_decimal(text.substr(0, dot), time_max);
  const auto id = Uuid::parse(text.substr(std::min(dot + 1, text.size())));
  if (!at || !id) {
    return std::nullopt;
  }
  return read_model::ServerPosition{Instant(Duration(static_cast<std::int64_t>(*at))),
                                    id->to_string()};
}

/// The texts of a filter's patterns; nothing when one of them fits more than one text.
std::optional<std::vector<std::string>> texts_of(const Filter& filter) {
  std::vector<std::string> texts;
  for (const std::string& pattern : filter.patterns) {
    auto text = only_text_of(pattern);
    if (!text) {
      return std::nullopt;
    }
    texts.push_back(std::move(*text));
  }
  return texts;
}

std::vector<Status> statuses_of(const std::vector<std::string>& state_names) {
  std::vector<Status> statuses;
  for (const std::string& name : state_names) {
    for (const Status status : statuses_in(name)) {
      statuses.push_back(status);
    }
  }
  return statuses;
}

bool is_instance_id(std::string_view filter_name) {
  return filter_name == "instance-id" || filter_name == "resource-id" ||
         filter_name == "attachment.instance-id";
}

/// Of those that are ids of instances.
std::vector<std::string> digits_of(const std::vector<std::string>& ids) {
  std::vector<std::string> all;
  for (const std::string& id : ids) {
    if (auto digits = instance_digits(id)) {
      all.push_back(std::move(*digits));
    }
  }
  return all;
}

InstanceQuery query_of(const Request& request) {
  InstanceQuery query;
  query.region = request.place.region;
  query.account = request.account;
  query.terminated_since = request.fleet.now() - terminated_shown;
  return query;
}

}  // namespace

std::string position_of(const Instance& instance) {
  const auto at = instance.server.created_at.time_since_epoch().count();
  return std::to_string(at) + "." + instance.server.id;
}

void narrow(InstanceQuery& query, const std::vector<Filter>& filters) {
  for (const Filter& filter : filters) {
    const auto texts = texts_of(filter);
    if (!texts) {
      continue;
    }
    if (filter.name == "instance-state-name" && query.statuses.empty()) {
      query.statuses = statuses_of(*texts);
    } else if (filter.name == "instance-type" && query.types.empty()) {
      query.types = *texts;
    } else if (is_instance_id(filter.name) && query.digits.empty()) {
      query.digits = digits_of(*texts);
    } else if (filter.name.starts_with(tag_filter_prefix) && texts->size() == 1 &&
               !texts->front().empty() && filter.name != "tag:Name") {
      query.tags.emplace(filter.name.substr(tag_filter_prefix.size()), texts->front());
    }
  }
}

Reply<std::vector<Instance>> find_instances(const Request& request,
                                            const std::vector<std::string>& digits) {
  std::vector<Instance> found;
  InstanceQuery query = query_of(request);
  std::copy_if(digits.begin(), digits.end(), std::back_inserter(query.digits),
               [](const std::string& one) { return one.size() == id_digits; });
  if (query.digits.empty()) {
    return found;
  }
  auto rows = request.fleet.servers(query);
  if (!rows) {
    return tl::unexpected(std::move(rows.error()));
  }
  std::set<std::string> seen;  // of two servers with one id the older one
  for (read_model::ServerRow& row : *rows) {
    Instance instance = instance_of(std::move(row), request.offer.types);
    if (seen.insert(instance.id).second && is_shown(instance, request.fleet.now())) {
      found.push_back(std::move(instance));
    }
  }
  return found;
}

Reply<std::vector<Instance>> instances_of(const Request& request,
                                          const std::vector<std::string>& ids) {
  std::vector<std::string> digits;
  for (const std::string& id : ids) {
    auto own = instance_digits(id);
    if (!own) {
      return tl::unexpected(std::move(own.error()));
    }
    digits.push_back(std::move(*own));
  }
  auto found = find_instances(request, digits);
  if (!found) {
    return found;
  }
  std::vector<std::string> unknown;
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(unknown), [&](const std::string& id) {
    return std::none_of(found->begin(), found->end(),
                        [&](const Instance& instance) { return instance.id == id; });
  });
  if (!unknown.empty()) {
    return tl::unexpected(unknown_instances(unknown));
  }
  return found;
}

Reply<Selection> select_instances(const Request& request, const PageRequest& page,
                                  const FilterTable& table, InstanceQuery query,
                                  const Shape& shape) {
  const InstanceQuery usual = query_of(request);
  query.region = usual.region;
  query.account = usual.account;
  query.terminated_since = usual.terminated_since;
  narrow(query, page.filters);
  query.limit = page.filters.empty() ? page.size + 1 : rows_read;
  query.after = page.after.empty() ? std::nullopt : read_position(page.after);
  Selection selection;
  while (true) {
    auto rows = request.fleet.servers(query);
    if (!rows) {
      return tl::unexpected(std::move(rows.error()));
    }
    const bool is_last = rows->size() < query.limit;
    for (read_model::ServerRow& row : *rows) {
      query.after = read_model::ServerPosition{row.created_at, row.id};
      Instance instance = instance_of(std::move(row), request.offer.types);
      auto shaped = is_shown(instance, request.fleet.now()) ? shape(instance) : std::nullopt;
      if (!shaped || !fits_all(page.filters, table, *shaped)) {
        continue;
      }
      if (selection.instances.size() == page.size) {
        selection.next = position_of(selection.instances.back());
        return selection;
      }
      selection.instances.push_back(std::move(instance));
      selection.shapes.push_back(std::move(*shaped));
    }
    if (is_last) {
      return selection;
    }
  }
}

}  // namespace vsim::ec2
