#pragma once

// A server as EC2 shows an instance, with what there is around it: its reservation, root volume and
// network interface. Pure. D79

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/ec2/filters.h"
#include "api/ec2/instance_types.h"
#include "api/ec2/place.h"
#include "schema/read_model/servers.h"

namespace vsim::ec2 {

/// So long, in simulated time, a terminated instance is shown; then no operation finds it.
inline constexpr std::chrono::hours terminated_shown{1};

/// A server and what its row tells only as text.
struct Instance {
  read_model::ServerRow server;
  std::string id;
  Status status{};
  std::map<std::string, std::string> tags;  // with Name, for which the server's name stands in
  MachineSize size;

  bool is_terminated() const { return status == Status::terminated; }
};

Instance instance_of(read_model::ServerRow server, const InstanceTypes& types);

/// Whether it is to be seen at simulated time `now`.
bool is_shown(const Instance& instance, Instant now);

/// When it was created or last started.
Instant launch_time(const Instance& instance);

/// An item of instancesSet.
Element instance_element(const Instance& instance, const Place& place);
/// An item of reservationSet, with these instances in it.
Element reservation_element(const Instance& first, const Place& place,
                            std::vector<Element> instances);
/// An item of instanceStatusSet.
Element instance_status_element(const Instance& instance, const Place& place);
/// An item of instancesSet of a start, stop or terminate.
Element state_change_element(std::string_view id, Status current, Status previous);
/// Items of tagSet of DescribeTags.
std::vector<Element> tag_elements(const Instance& instance);

/// Its root volume, and its network interface: none, once it is terminated.
std::optional<Element> volume_element(const Instance& instance, const Place& place);
std::optional<Element> interface_element(const Instance& instance, const Place& place);

/// The operation's filters; of instances they are compared with instance_element() inside
/// filterable().
extern const FilterTable instance_filter_table;
extern const FilterTable status_filter_table;
extern const FilterTable tag_filter_table;
extern const FilterTable volume_filter_table;
extern const FilterTable interface_filter_table;

/// An item of instancesSet with what its reservation adds: what filters of instances are compared
/// with.
Element filterable(const Instance& instance, const Place& place);

}  // namespace vsim::ec2
