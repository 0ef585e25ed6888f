#include "tests/harness/json.h"

#include <array>

#include <fmt/format.h>
#include <simdjson.h>

namespace harness {

struct JsonBuilder {
  static Json build(simdjson::dom::element source) {
    using Type = simdjson::dom::element_type;
    Json made;
    switch (source.type()) {
      case Type::NULL_VALUE:
        break;
      case Type::BOOL:
        made.kind_ = Json::Kind::boolean;
        made.integer_ = source.get_bool().value() ? 1 : 0;
        break;
      case Type::INT64:
        made.kind_ = Json::Kind::integer;
        made.integer_ = static_cast<std::int64_t>(source.get_int64().value());
        break;
      case Type::UINT64:  // above what the other holds
      case Type::DOUBLE:
        made.kind_ = Json::Kind::real;
        made.real_ = source.get_double().value();
        break;
      case Type::STRING:
        made.kind_ = Json::Kind::text;
        made.text_ = std::string(source.get_string().value());
        break;
      case Type::ARRAY:
        made.kind_ = Json::Kind::array;
        add_elements(made, source.get_array().value());
        break;
      case Type::OBJECT:
        made.kind_ = Json::Kind::object;
        add_members(made, source.get_object().value());
        break;
    }
    return made;
  }

 private:
  static void add_elements(Json& made, simdjson::dom::array source) {
    for (const simdjson::dom::element element : source) {
      made.elements_.push_back(build(element));
    }
  }
  static void add_members(Json& made, simdjson::dom::object source) {
    for (const auto& [name, value] : source) {
      made.members_.emplace_back(std::string(name), build(value));
    }
  }
};

Json Json::parse(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(text.data(), text.size()).get(root);
  if (error != simdjson::SUCCESS) {
    throw JsonError(
        fmt::format("no JSON ({}): {}", simdjson::error_message(error), text.substr(0, 200)));
  }
  return JsonBuilder::build(root);
}

void Json::wrong(std::string_view wanted) const {
  static constexpr std::array<std::string_view, 7> names = {
      "null", "a boolean", "an integer", "a number", "a text", "an array", "an object"};
  throw JsonError(
      fmt::format("wanted {}, found {}", wanted, names.at(static_cast<std::size_t>(kind_))));
}

bool Json::has(std::string_view name) const {
  for (const Member& member : members_) {
    if (member.first == name) {
      return true;
    }
  }
  return false;
}

const Json& Json::operator[](std::string_view name) const& {
  for (const Member& member : members_) {
    if (member.first == name) {
      return member.second;
    }
  }
  wrong(fmt::format("an object with \"{}\"", name));
}

const Json& Json::at(std::size_t index) const& {
  if (index >= elements_.size()) {
    wrong(fmt::format("an array with element {} (size {})", index, elements_.size()));
  }
  return elements_[index];
}

std::size_t Json::size() const {
  return kind_ == Kind::object ? members_.size() : elements_.size();
}

const std::vector<Json>& Json::elements() const& {
  if (kind_ != Kind::array) {
    wrong("an array");
  }
  return elements_;
}

const std::vector<Json::Member>& Json::members() const& {
  if (kind_ != Kind::object) {
    wrong("an object");
  }
  return members_;
}

const std::string& Json::text() const& {
  if (kind_ != Kind::text) {
    wrong("a text");
  }
  return text_;
}

std::int64_t Json::integer() const {
  if (kind_ != Kind::integer) {
    wrong("an integer");
  }
  return integer_;
}

double Json::number() const {
  if (kind_ == Kind::integer) {
    return static_cast<double>(integer_);
  }
  if (kind_ != Kind::real) {
    wrong("a number");
  }
  return real_;
}

bool Json::boolean() const {
  if (kind_ != Kind::boolean) {
    wrong("a boolean");
  }
  return integer_ != 0;
}

std::string json_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace harness
