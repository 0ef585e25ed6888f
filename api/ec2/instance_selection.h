#pragma once

// Which instances a call is about: by their ids, or page by page by its filters. D79

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/ec2/instances.h"
#include "api/ec2/operations.h"

namespace vsim::ec2 {

/// The instances of the ids, oldest first, each once. An error for ids that are malformed, then for
/// those that nothing here has.
Reply<std::vector<Instance>> instances_of(const Request& request,
                                          const std::vector<std::string>& ids);

/// Those of the digits that there are, oldest first.
Reply<std::vector<Instance>> find_instances(const Request& request,
                                            const std::vector<std::string>& digits);

/// What an instance is compared with filters as; nothing: it is not looked at.
using Shape = std::function<std::optional<Element>(const Instance&)>;

struct Selection {
  std::vector<Instance> instances;
  std::vector<Element> shapes;      // of each
  std::optional<std::string> next;  // where the next page begins; none: this is the last
};

/// A page of those whose shape fits the page's filters, oldest first. `query` says what else is
/// asked for; what the filters say of the instances themselves is added to it.
Reply<Selection> select_instances(const Request& request, const PageRequest& page,
                                  const FilterTable& table, InstanceQuery query,
                                  const Shape& shape);

/// The place behind the instance, as `Selection::next` tells it.
std::string position_of(const Instance& instance);

/// What the filters ask of a query: so that what is not wanted is not read. They still have to be
/// compared.
void narrow(InstanceQuery& query, const std::vector<Filter>& filters);

}  // namespace vsim::ec2
