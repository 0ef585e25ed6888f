#include "schema/http/event_documents.h"

#include "domain/account.h"
#include "schema/http/documents.h"
#include "schema/messages/event_codec.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/json_fields.h"

namespace vsim::http {
namespace {

using messages::JsonWriter;
using read_model::ServerRow;

constexpr std::size_t event_bytes_usual = 1536;

std::string_view account_or_default(const std::string& account) {
  return account.empty() ? default_account : std::string_view(account);
}

/// What is shown beside what the event can be chosen by.
struct Details {
  std::optional<Version> version;
  std::string message;
  std::string actor;
  std::string operation_id;
  std::string request_id;
  std::string data;  // JSON
  std::optional<ServerRow> server;
};

/// Takes an event of each kind apart.
class Describe {
 public:
  Describe(EventDocument& document, Details& details, BilledThrough& billed)
      : document_(document), details_(details), billed_(billed) {}

  void operator()(const messages::ServerLogged& logged) const {
    take(logged.event);
    document_.type = event_type(logged.event.data);
    document_.region = logged.event.region.name;
    document_.server_id = logged.event.server.to_string();
    document_.account = account_or_default(logged.event.origin.account);
    details_.message = read_model::event_message(logged.event, logged.state);
    if (logged.state.server) {
      take_server(logged.event.server, logged.state);
    }
  }
  void operator()(const AddressClaimed& claim) const {
    document_.type = "address_claimed";
    document_.region = claim.region.name;
    document_.server_id = claim.server.to_string();
    document_.account = account_or_default(claim.origin.account);
    document_.at = claim.at;
    take_origin(claim.cause, claim.origin);
    details_.data = one_member("ip", claim.ip.to_string());
  }
  void operator()(const messages::PoolLogged& logged) const {
    take(logged.event);
    document_.type = event_type(logged.event.data);
    document_.region = logged.event.region.name;
  }
  void operator()(const messages::RegionLogged& logged) const {
    take(logged.event);
    document_.type = event_type(logged.event.data);
    document_.region = logged.event.region.name;
  }
  void operator()(const messages::ClockLogged& logged) const {
    take(logged.event);
    document_.type = event_type(logged.event.data);
  }
  void operator()(const messages::FaultsLogged& logged) const {
    take(logged.event);
    document_.type = event_type(logged.event.data);
  }
  void operator()(const messages::WarmPoolLogged& logged) const {
    take(logged.event);
    document_.type = event_type(logged.event.data);
    document_.account = logged.event.pool.account;
  }
  void operator()(const BillingWatermark& watermark) const {
    document_.type = "billing_watermark";
    document_.region = watermark.region.name;
    document_.at = watermark.through;
    details_.version = watermark.version;
    details_.data = one_member("through", messages::format_instant(watermark.through));
    billed_.insert_or_assign(watermark.region.name, watermark.through);
  }
  void operator()(const messages::UnknownEvent& unknown) const { document_.type = unknown.type; }

 private:
  template <typename AnyEvent>
  void take(const AnyEvent& event) const {
    document_.at = event.at;
    details_.version = event.version;
    take_origin(event.cause, event.origin);
  }
  void take_origin(const std::optional<Cause>& cause, const Origin& origin) const {
    details_.actor = origin.actor;
    details_.operation_id = cause ? cause->command.to_string() : "";
    details_.request_id = origin.correlation_id;
  }
  void take_server(const ServerId& id, const State& state) const {
    ServerRow row = read_model::server_row(id, state);
    if (const auto billed = billed_.find(row.region); billed != billed_.end()) {
      row.billed_through = billed->second;
    }
    document_.account = row.account;
    document_.status = row.status;
    document_.instance_type = row.type;
    document_.tags = state.server->blueprint.tags;
    details_.server = std::move(row);
  }
  static std::string one_member(std::string_view name, std::string_view value) {
    JsonWriter json;
    json.begin_object();
    json.member(name, value);
    json.end_object();
    return json.take();
  }

  EventDocument& document_;
  Details& details_;
  BilledThrough& billed_;
};

/// The member "data" as the log holds it; empty where there is none.
std::string data_of(const eventstore::Message& message) {
  std::string error;
  const auto object = messages::parse_object(message.payload, error);
  simdjson::dom::element data;
  if (!object || object->at_key("data").get(data) != simdjson::SUCCESS) {
    return {};
  }
  return simdjson::minify(data);
}

void write_json_or_null(JsonWriter& json, std::string_view name, std::string_view value) {
  json.key(name);
  json.raw(value.empty() ? "null" : value);
}

std::string render(const EventDocument& document, const Details& details) {
  JsonWriter json;
  json.reserve(event_bytes_usual);
  json.begin_object();
  json.member("sequence", document.sequence);
  json.member("event", document.type);
  json.member_or_null("timestamp", document.at ? messages::format_instant(*document.at) : "");
  json.member_or_null("region", document.region);
  json.member_or_null("server_id", document.server_id);
  write_json_or_null(json, "version", details.version ? std::to_string(*details.version) : "");
  json.member_or_null("message", details.message);
  json.member_or_null("actor", details.actor);
  json.member_or_null("operation_id", details.operation_id);
  json.member_or_null("request_id", details.request_id);
  write_json_or_null(json, "data", details.data);
  json.key("server");
  if (details.server) {
    write_server(json, *details.server, document.at.value_or(details.server->updated_at));
  } else {
    json.null();
  }
  json.end_object();
  return json.take();
}

}  // namespace

tl::expected<EventDocument, std::string> describe_event(const eventstore::Message& message,
                                                        BilledThrough& billed) {
  const auto logged = messages::decode_event(message);
  if (!logged) {
    return tl::unexpected(logged.error());
  }
  EventDocument document;
  Details details;
  document.sequence = message.sequence;
  std::visit(Describe(document, details, billed), *logged);
  if (document.server_id.empty() && details.data.empty()) {
    details.data = data_of(message);
  }
  document.json = render(document, details);
  return document;
}

std::string render_event_page(const EventPage& page) {
  JsonWriter json;
  json.reserve((page.items.size() + 1) * event_bytes_usual);
  json.begin_object();
  json.key("items");
  json.begin_array();
  for (const auto& item : page.items) {
    json.raw(item);
  }
  json.end_array();
  json.member("limit", page.limit);
  json.member("next_after", page.next_after);
  json.key("more");
  json.boolean(page.next_after < page.end);
  json.end_object();
  return json.take();
}

}  // namespace vsim::http
