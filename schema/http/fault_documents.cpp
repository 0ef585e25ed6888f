// The JSON of the door's faults.

#include "schema/http/documents.h"
#include "schema/messages/faults_codec.h"
#include "schema/messages/instant_text.h"

namespace vsim::http {
namespace {

using messages::JsonWriter;

void write_share(JsonWriter& json, const FaultRule& rule) {
  const auto* probability = std::get_if<ByProbability>(&rule.share);
  const auto* every = std::get_if<EveryNth>(&rule.share);
  json.key("probability");
  probability == nullptr ? json.null() : json.real(probability->share);
  json.key("every");
  every == nullptr ? json.null() : json.number(every->n);
}

void write_effect(JsonWriter& json, const FaultRule& rule) {
  const auto* status = std::get_if<AnswerStatus>(&rule.effect);
  const auto* delay = std::get_if<DelayAnswer>(&rule.effect);
  json.key("status");
  status == nullptr ? json.null() : json.number(status->status);
  json.key("delay_seconds");
  delay == nullptr ? json.null() : json.real(static_cast<double>(delay->by.count()) / 1000);
  json.key("cut");
  json.boolean(std::holds_alternative<CutConnection>(rule.effect));
}

void write_rule(JsonWriter& json, const FaultRule& rule, std::size_t number, Instant now) {
  json.begin_object();
  json.member("number", number);
  json.member_or_null("name", rule.name);
  json.member_or_null("route", rule.route);
  json.member_or_null("key", rule.key);
  write_share(json, rule);
  write_effect(json, rule);
  json.member("when", messages::to_string(rule.moment));
  json.member_or_null("until", rule.until ? messages::format_instant(*rule.until) : std::string());
  json.key("in_force");
  json.boolean(rule.in_force_at(now));
  json.end_object();
}

}  // namespace

std::string render_faults(const DoorFaults& faults, Instant now) {
  JsonWriter json;
  json.begin_object();
  json.key("rules");
  json.begin_array();
  for (std::size_t i = 0; i < faults.rules.size(); ++i) {
    write_rule(json, faults.rules[i], i + 1, now);
  }
  json.end_array();
  json.key("seed");
  faults.rules.empty() ? json.null() : json.number(faults.seed);
  const bool changed = faults.changed > 0;
  json.member_or_null("changed_at",
                      changed ? messages::format_instant(faults.changed_at) : std::string());
  json.member_or_null("changed_by", faults.changed_by);
  json.end_object();
  return json.take();
}

}  // namespace vsim::http
