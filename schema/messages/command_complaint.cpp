#include "schema/messages/command_complaint.h"

#include <algorithm>
#include <array>
#include <optional>

#include "domain/letter_case.h"
#include "domain/tag_overrides.h"
#include "schema/messages/faults_codec.h"
#include "schema/messages/member_names.h"
#include "schema/messages/message_headers.h"
#include "schema/messages/region_codec.h"
#include "schema/messages/warm_pool_codec.h"

namespace vsim::messages {
namespace {

/// The members that a command has and no others: one action of each kind.
struct MembersOf {
  Names operator()(const Create&) const {
    static constexpr std::array<std::string_view, 8> create{
        "type",          "name",     "instance_type", "profile", "tags", "idle_timeout_seconds",
        "lease_seconds", "warm_pool"};
    return create;
  }
  Names operator()(const Start&) const { return type_alone(); }
  Names operator()(const Stop&) const { return type_alone(); }
  Names operator()(const Reboot&) const { return type_alone(); }
  Names operator()(const Terminate&) const {
    static constexpr std::array<std::string_view, 3> terminate{"type", "force", "reason"};
    return terminate;
  }
  Names operator()(const ExtendLease&) const {
    static constexpr std::array<std::string_view, 2> extend_lease{"type", "extend_seconds"};
    return extend_lease;
  }
  Names operator()(const Acquire&) const {
    static constexpr std::array<std::string_view, 5> acquire{"type", "pool", "name", "tags",
                                                             "lease_seconds"};
    return acquire;
  }
  Names operator()(const Release&) const { return type_alone(); }
  Names operator()(const Retire&) const { return type_alone(); }
  Names operator()(const ExtendPool&) const {
    static constexpr std::array<std::string_view, 4> extend_pool{"type", "cidr", "first", "last"};
    return extend_pool;
  }
  Names operator()(const SetIncident&) const { return members_of_set_incident(); }
  Names operator()(const LiftIncident&) const { return type_alone(); }
  Names operator()(const AdvanceClock&) const {
    static constexpr std::array<std::string_view, 2> advance{"type", "seconds"};
    return advance;
  }
  Names operator()(const ScaleClock&) const {
    static constexpr std::array<std::string_view, 2> scale{"type", "scale"};
    return scale;
  }
  Names operator()(const SetFaults&) const {
    static constexpr std::array<std::string_view, 3> set_faults{"type", "rules", "seed"};
    return set_faults;
  }
  Names operator()(const LiftFaults&) const { return type_alone(); }
  Names operator()(const SetWarmPool&) const { return members_of_set_warm_pool(); }
  Names operator()(const DrainWarmPool&) const { return type_alone(); }

 private:
  static Names type_alone() {
    static constexpr std::array<std::string_view, 1> names{"type"};
    return names;
  }
};

// Letters that are put back as they are bear the headers of their death.
std::optional<std::string> find_wrong_header(const eventstore::Headers& headers) {
  constexpr std::array<std::string_view, 9> known{
      header::command_id,     header::request_hash, header::actor,
      header::correlation_id, header::reply_to,     header::attempt,
      header::only_at,        header::if_match,     header::account};
  constexpr std::string_view ours = "vsim-";
  for (const auto& one : headers) {
    const bool is_ours = lower_case(std::string_view(one.name).substr(0, ours.size())) == ours;
    if (!is_ours || one.name.starts_with("Vsim-Dead-")) {
      continue;
    }
    if (std::find(known.begin(), known.end(), one.name) == known.end()) {
      return "header " + unknown_name(one.name, known);
    }
    const auto same = [&](const auto& other) { return other.name == one.name; };
    if (std::count_if(headers.begin(), headers.end(), same) > 1) {
      return "header " + one.name + " is given twice";
    }
  }
  return std::nullopt;
}

std::string find_complaint(const eventstore::Message& message, const simdjson::dom::object& object,
                           Names members) {
  if (auto twice = find_double(object)) {
    return std::move(*twice);
  }
  if (auto unknown = find_unknown_member(object, members)) {
    return std::move(*unknown);
  }
  return find_wrong_header(message.headers).value_or("");
}

}  // namespace

std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const Action& action) {
  auto complaint = find_complaint(message, object, std::visit(MembersOf{}, action));
  const auto* create = std::get_if<Create>(&action);
  if (complaint.empty() && create != nullptr) {
    complaint = complaint_about_tags(create->tags).value_or("");
  }
  return complaint;
}

std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const WarmPoolAction& action) {
  auto complaint = find_complaint(message, object, std::visit(MembersOf{}, action));
  const auto* set = std::get_if<SetWarmPool>(&action);
  if (complaint.empty() && set != nullptr) {
    complaint = complaint_about_tags(set->terms.tags).value_or("");
  }
  return complaint;
}

std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const ExtendPool& command) {
  return find_complaint(message, object, MembersOf{}(command));
}

std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const RegionAction& action) {
  auto complaint = find_complaint(message, object, std::visit(MembersOf{}, action));
  return complaint.empty() ? find_unknown_inside(object).value_or("") : complaint;
}

std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const ClockAction& action) {
  return find_complaint(message, object, std::visit(MembersOf{}, action));
}

std::string complaint_about(const eventstore::Message& message, const simdjson::dom::object& object,
                            const FaultsAction& action) {
  auto complaint = find_complaint(message, object, std::visit(MembersOf{}, action));
  if (complaint.empty() && std::holds_alternative<SetFaults>(action)) {
    complaint = find_unknown_rule_member(object).value_or("");
  }
  return complaint;
}

}  // namespace vsim::messages
