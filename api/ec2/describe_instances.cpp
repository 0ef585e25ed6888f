// Operations on instances and on what hangs on one: status, attributes, tags, volumes, interfaces.

#include <algorithm>
#include <array>

#include "api/ec2/filter_names.h"
#include "api/ec2/images.h"
#include "api/ec2/instance_selection.h"
#include "api/ec2/operations.h"
#include "api/ec2/resource_ids.h"
#include "domain/decimal.h"

namespace vsim::ec2 {
namespace {

constexpr std::string_view ids_name = "InstanceId";

/// What the call asks for: a page, or ids, but not both.
struct Wanted {
  PageRequest page;
  std::vector<std::string> ids;
};

Reply<Wanted> read_wanted(const Request& request, const FilterTable& table) {
  auto page = read_page_request(request.parameters, table, request.subject());
  if (!page) {
    return tl::unexpected(std::move(page.error()));
  }
  auto ids = request.parameters.list(ids_name);
  if (!ids) {
    return tl::unexpected(std::move(ids.error()));
  }
  if (!ids->empty() && page->is_paged) {
    return refused(ErrorCode::invalid_parameter_combination,
                   "The parameter instancesSet cannot be used with the parameter maxResults");
  }
  return Wanted{std::move(*page), std::move(*ids)};
}

/// Those of the ids whose shape fits, or a page.
Reply<Selection> select(const Request& request, const Wanted& wanted, const FilterTable& table,
                        const InstanceQuery& query, const Shape& shape) {
  if (wanted.ids.empty()) {
    return select_instances(request, wanted.page, table, query, shape);
  }
  auto instances = instances_of(request, wanted.ids);
  if (!instances) {
    return tl::unexpected(std::move(instances.error()));
  }
  Selection selection;
  for (Instance& instance : *instances) {
    auto shaped = shape(instance);
    if (shaped && fits_all(wanted.page.filters, table, *shaped)) {
      selection.instances.push_back(std::move(instance));
      selection.shapes.push_back(std::move(*shaped));
    }
  }
  return selection;
}

Element answer_of(const Request& request, const PageRequest& page, std::string_view set,
                  std::vector<Element> items, const std::optional<std::string>& next) {
  Element answer("answer");
  answer.set(set, std::move(items));
  if (next) {
    answer.text("nextToken", next_token(page, request.subject(), *next));
  }
  return answer;
}

/// Operations that show one element an instance, which is also what filters are compared with.
Reply<Element> describe_shapes(const Request& request, const FilterTable& table,
                               std::string_view set, const InstanceQuery& query,
                               const Shape& shape) {
  const auto wanted = read_wanted(request, table);
  if (!wanted) {
    return tl::unexpected(wanted.error());
  }
  auto selection = select(request, *wanted, table, query, shape);
  if (!selection) {
    return tl::unexpected(std::move(selection.error()));
  }
  return answer_of(request, wanted->page, set, std::move(selection->shapes), selection->next);
}

/// The same for what each instance has one of, with the instance's digits in its id.
struct Part {
  std::string_view set;
  std::string_view ids;     // the parameter
  std::string_view prefix;  // of its ids
  ErrorCode missing;
  std::string_view missing_text;  // before the id
};
Reply<Element> describe_parts(const Request& request, const FilterTable& table, const Part& part,
                              const Shape& shape) {
  const auto ids = request.parameters.list(part.ids);
  if (!ids || ids->empty()) {
    return ids ? describe_shapes(request, table, part.set, {}, shape)
               : Reply<Element>(tl::unexpected(ids.error()));
  }
  const auto filters = read_filters(request.parameters, table);
  if (!filters) {
    return tl::unexpected(filters.error());
  }
  std::vector<Element> items;
  for (const std::string& id : *ids) {
    const bool is_id = is_resource_id(id, part.prefix);
    const auto found =
        find_instances(request, {is_id ? id.substr(part.prefix.size() + 1) : std::string()});
    if (!found) {
      return tl::unexpected(found.error());
    }
    auto element = found->empty() ? std::nullopt : shape(found->front());
    if (!element) {
      return refused(part.missing, std::string(part.missing_text) + " '" + id + "' does not exist");
    }
    if (fits_all(*filters, table, *element)) {
      items.push_back(std::move(*element));
    }
  }
  return Element("answer").set(part.set, std::move(items));
}

Element valued(std::string_view name, std::string_view value) {
  return Element(name).text("value", value);
}

/// An attribute as DescribeInstanceAttribute shows it: the element of its name.
std::optional<Element> attribute_of(const std::string& name, const Element& shown,
                                    const Instance& instance) {
  for (const std::string_view list : {"groupSet", "productCodes", "blockDeviceMapping"}) {
    for (const Element& child : shown.children()) {
      if (name == list && child.name() == list) {
        return child;
      }
    }
  }
  struct Fixed {
    std::string_view name;
    std::string_view value;  // empty: it is not set
  };
  constexpr std::array<Fixed, 10> fixed = {{{"disableApiTermination", "false"},
                                            {"disableApiStop", "false"},
                                            {"instanceInitiatedShutdownBehavior", "stop"},
                                            {"sourceDestCheck", "true"},
                                            {"ebsOptimized", "false"},
                                            {"enaSupport", "true"},
                                            {"userData", ""},
                                            {"kernel", ""},
                                            {"ramdisk", ""},
                                            {"sriovNetSupport", ""}}};
  for (const Fixed& attribute : fixed) {
    if (attribute.name == name) {
      return attribute.value.empty() ? Element(attribute.name)
                                     : valued(attribute.name, attribute.value);
    }
  }
  if (name == "instanceType") {
    return valued("instanceType", instance.server.type);
  }
  if (name == "rootDeviceName") {
    return valued("rootDeviceName", root_device);
  }
  if (name == "enclaveOptions") {
    return Element("enclaveOptions").flag("enabled", false);
  }
  return std::nullopt;
}

/// Where a page of tags begins: behind an instance, and behind so many tags of the next one.
struct TagPosition {
  std::string after;
  std::size_t skipped = 0;
};

TagPosition read_tag_position(std::string_view text) {
  constexpr std::uint64_t tags_max = 1000;
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto skipped = read_decimal(text.substr(std::min(slash + 1, text.size())), tags_max);
  return {std::string(text.substr(0, slash)), static_cast<std::size_t>(skipped.value_or(0))};
}

}  // namespace

Reply<Element> describe_instances(const Request& request) {
  const auto wanted = read_wanted(request, instance_filter_table);
  if (!wanted) {
    return tl::unexpected(wanted.error());
  }
  const Place& place = request.place;
  const bool has_filters = !wanted->page.filters.empty();
  const auto selection =
      select(request, *wanted, instance_filter_table, {}, [&](const Instance& instance) {
        return has_filters ? filterable(instance, place) : instance_element(instance, place);
      });
  if (!selection) {
    return tl::unexpected(selection.error());
  }
  std::vector<Element> reservations;
  for (std::size_t i = 0; i < selection->instances.size(); ++i) {
    const Instance& instance = selection->instances[i];
    reservations.push_back(reservation_element(
        instance, place, {has_filters ? instance_element(instance, place) : selection->shapes[i]}));
  }
  return answer_of(request, wanted->page, "reservationSet", std::move(reservations),
                   selection->next);
}

Reply<Element> describe_instance_status(const Request& request) {
  const auto all = request.parameters.boolean_or("IncludeAllInstances", false);
  if (!all) {
    return tl::unexpected(all.error());
  }
  return describe_shapes(
      request, status_filter_table, "instanceStatusSet", {},
      [&](const Instance& instance) -> std::optional<Element> {
        const bool runs =
            instance.status == Status::running || instance.status == Status::rebooting;
        return *all || runs ? std::optional(instance_status_element(instance, request.place))
                            : std::nullopt;
      });
}

Reply<Element> describe_instance_attribute(const Request& request) {
  const auto id = request.parameters.required(ids_name);
  const auto name = request.parameters.required("Attribute");
  if (!id || !name) {
    return tl::unexpected(id ? name.error() : id.error());
  }
  const auto instances = instances_of(request, {*id});
  if (!instances) {
    return tl::unexpected(instances.error());
  }
  const Instance& instance = instances->front();
  auto attribute = attribute_of(*name, instance_element(instance, request.place), instance);
  if (!attribute) {
    return refused(ErrorCode::invalid_parameter_value,
                   "Value (" + *name + ") for parameter attribute is invalid. Unknown attribute.");
  }
  Element answer("answer");
  answer.text("instanceId", instance.id).add(std::move(*attribute));
  return answer;
}

Reply<Element> describe_tags(const Request& request) {
  auto page = read_page_request(request.parameters, tag_filter_table, request.subject());
  if (!page) {
    return tl::unexpected(std::move(page.error()));
  }
  TagPosition position = read_tag_position(page->after);
  PageRequest instances{.filters = {}, .size = page->size, .after = position.after};
  InstanceQuery query;
  narrow(query, page->filters);
  std::vector<Element> items;
  while (true) {
    const auto selection =
        select_instances(request, instances, tag_filter_table, query,
                         [](const Instance&) { return std::optional(Element("item")); });
    if (!selection) {
      return tl::unexpected(selection.error());
    }
    for (const Instance& instance : selection->instances) {
      auto tags = tag_elements(instance);
      for (std::size_t i = position.skipped; i < tags.size(); ++i) {
        if (!fits_all(page->filters, tag_filter_table, tags[i])) {
          continue;
        }
        if (items.size() == page->size) {
          return answer_of(request, *page, "tagSet", std::move(items),
                           position.after + "/" + std::to_string(i));
        }
        items.push_back(std::move(tags[i]));
      }
      position = {position_of(instance), 0};
    }
    if (!selection->next) {
      return answer_of(request, *page, "tagSet", std::move(items), std::nullopt);
    }
    instances.after = *selection->next;
  }
}

Reply<Element> describe_volumes(const Request& request) {
  const Part volume{"volumeSet", "VolumeId", "vol", ErrorCode::volume_not_found, "The volume"};
  return describe_parts(request, volume_filter_table, volume, [&](const Instance& instance) {
    return volume_element(instance, request.place);
  });
}

Reply<Element> describe_network_interfaces(const Request& request) {
  const Part interface{"networkInterfaceSet", "NetworkInterfaceId", "eni",
                       ErrorCode::interface_not_found, "The networkInterface ID"};
  return describe_parts(request, interface_filter_table, interface, [&](const Instance& instance) {
    return interface_element(instance, request.place);
  });
}

Reply<Element> describe_credit_specifications(const Request& request) {
  static const FilterTable table{credit_specifications_filters};
  return describe_shapes(request, table, "instanceCreditSpecificationSet", {},
                         [](const Instance& instance) -> std::optional<Element> {
                           if (!is_burstable(instance.server.type)) {
                             return std::nullopt;
                           }
                           Element element("item");
                           element.text("instanceId", instance.id).text("cpuCredits", "standard");
                           return element;
                         });
}

}  // namespace vsim::ec2
