#include "schema/messages/pool_codec.h"

#include <array>

#include "domain/decimal.h"
#include "schema/messages/event_head.h"
#include "schema/messages/json_fields.h"
#include "schema/messages/json_writer.h"
#include "schema/messages/member_names.h"
#include "schema/messages/state_codec.h"

namespace vsim::messages {
namespace {

constexpr std::string_view range_shape =
    R"({"cidr":"10.0.0.0/24"}, without its first and last address (a /31 or /32 is added whole), )"
    R"(or {"first":"10.0.0.1","last":"10.0.0.9"})";

tl::unexpected<std::string> wrong(std::string what) { return tl::unexpected(std::move(what)); }

// The host addresses of a network: its first address (the network's own) and its last (broadcast)
// are left out, as far as the network has more than those two: a /31 is a link of two hosts (RFC
// 3021), a /32 one host.
tl::expected<AddressRange, std::string> range_of_cidr(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = Ipv4::parse(text.substr(0, slash));
  const auto prefix =
      slash == std::string_view::npos ? std::nullopt : read_decimal(text.substr(slash + 1), 32);
  if (!base || !prefix) {
    return wrong(
        "\"cidr\" must be an IPv4 network such as 10.0.0.0/24, its numbers without zeros in front");
  }
  const std::uint64_t size = std::uint64_t{1} << (32 - *prefix);
  if ((base->bits & (size - 1)) != 0) {
    return wrong("\"cidr\" has address bits beyond its prefix; the network is " +
                 Ipv4{static_cast<std::uint32_t>(base->bits & ~(size - 1))}.to_string() + "/" +
                 std::to_string(*prefix));
  }
  AddressRange range{*base, {static_cast<std::uint32_t>(base->bits + size - 1)}};
  if (size > 2) {
    ++range.first.bits;
    --range.last.bits;
  }
  return range;
}

tl::expected<AddressRange, std::string> check_size(const AddressRange& range) {
  if (range.last < range.first) {
    return wrong("\"first\" must not be above \"last\"");
  }
  if (range.size() > pool_extension_addresses_max) {
    return wrong("a command adds " + std::to_string(pool_extension_addresses_max) +
                 " addresses at most (a /12); send several");
  }
  return range;
}

struct WritePoolData {
  JsonWriter& json;
  const std::optional<Cause>& cause;

  void operator()(const PoolExtended& event) const { write_ranges(json, event.ranges); }
  void operator()(const CommandRejected& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandPurged& event) const { write_no_change(json, event, cause); }
  void operator()(const CommandDeadLettered& event) const { write_no_change(json, event, cause); }
};

std::vector<AddressRange> read_extension(const Fields& fields) {
  std::vector<AddressRange> ranges;
  std::string ignored;
  for (const auto element : fields.object("data").array("ranges")) {
    simdjson::dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      fields.complain("ranges", "must hold objects");
      break;
    }
    const Fields range(object, ignored);
    ranges.push_back({range.ip("first"), range.ip("last")});
  }
  if (!ignored.empty()) {
    fields.complain("ranges", "holds a range that cannot be read");
  }
  return ranges;
}

// The first pools had no state in their events: each was the outcome of the newest command.
Cause read_early_cause(const Fields& fields) {
  return {.command = {fields.uuid("command_id")},
          .sequence = fields.count("command_sequence"),
          .request_hash = std::string(fields.text("request_hash")),
          .type = "extend_pool"};
}

}  // namespace

void write_ranges(JsonWriter& json, const std::vector<AddressRange>& ranges) {
  json.key("ranges");
  json.begin_array();
  for (const auto& range : ranges) {
    json.begin_object();
    json.member("first", range.first.to_string());
    json.member("last", range.last.to_string());
    json.end_object();
  }
  json.end_array();
}

std::string encode_extend_pool(const std::vector<AddressRange>& ranges) {
  JsonWriter json;
  json.begin_object();
  json.member("type", "extend_pool");
  json.member("first", ranges.front().first.to_string());
  json.member("last", ranges.front().last.to_string());
  json.end_object();
  return json.take();
}

tl::expected<std::vector<AddressRange>, std::string> read_ranges_as_given(const Fields& fields) {
  const bool by_cidr = fields.has("cidr");
  const bool by_ends = fields.has("first") || fields.has("last");
  if (by_cidr == by_ends) {
    return wrong("send either " + std::string(range_shape));
  }
  auto range = by_cidr ? range_of_cidr(fields.text("cidr"))
                       : AddressRange{fields.ip("first"), fields.ip("last")};
  if (!fields.ok()) {
    return wrong(fields.error());
  }
  if (range) {
    range = check_size(*range);
  }
  if (!range) {
    return wrong(range.error());
  }
  return std::vector<AddressRange>{*range};
}

tl::expected<std::vector<AddressRange>, std::string> read_ranges(std::string_view json) {
  constexpr std::array<std::string_view, 3> known{"cidr", "first", "last"};
  std::string error;
  const auto object = parse_object(json, error);
  if (!object) {
    return wrong(error);
  }
  if (auto twice = find_double(*object)) {
    return wrong(std::move(*twice));
  }
  if (auto unknown = find_unknown_member(*object, known)) {
    return wrong(std::move(*unknown));
  }
  auto ranges = read_ranges_as_given(Fields(*object, error));
  const auto why = ranges ? unusable(ranges->front()) : std::nullopt;
  return why ? wrong(*why) : ranges;
}

std::string encode(const PoolEvent& event, const Pool& after) {
  JsonWriter json;
  json.begin_object();
  json.member("type", event_type(event.data));
  json.member("region", event.region.name);
  write_what_happened<WritePoolData>(json, event);
  json.key("state");
  json.begin_object();
  if (after.last_command) {
    json.key("last_command");
    write_last_command(json, *after.last_command);
  }
  json.end_object();
  json.end_object();
  return json.take();
}

LoggedEvent read_pool_event(const Fields& fields) {
  const auto type = fields.text("type");
  PoolLogged logged;
  auto& event = logged.event;
  if (type == "pool_extended") {
    event.data = PoolExtended{read_extension(fields)};
  } else if (const auto outcome = read_no_change(type, fields)) {
    event.data = data_of<PoolEventData>(*outcome);
  } else {
    return UnknownEvent{std::string(type)};
  }
  event.region = Region{std::string(fields.text("region"))};
  event.version = fields.count("version");
  event.at = fields.instant("at");
  event.origin = read_origin(fields);
  auto& pool = logged.state;
  pool.version = event.version;
  pool.at = event.at;
  if (fields.has("state")) {
    const auto state = fields.object("state");
    if (state.has("last_command")) {
      pool.last_command = read_last_command(state.object("last_command"));
    }
    const auto& last = pool.last_command;
    event.cause = read_cause(fields, last ? std::optional(last->cause) : std::nullopt);
  } else if (fields.has("command_id")) {
    event.cause = read_early_cause(fields);
    pool.last_command = LastCommand{*event.cause, outcome_of(event.data)};
  }
  return logged;
}

}  // namespace vsim::messages
