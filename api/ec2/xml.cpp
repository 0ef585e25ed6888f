#include "api/ec2/xml.h"

#include <algorithm>

#include "schema/messages/instant_text.h"

namespace vsim::ec2 {
namespace {

constexpr std::string_view item_name = "item";
constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

/// How many bytes at the beginning of the text are a character that XML 1.0 forbids; 0: none. The
/// text is UTF-8, so that of all others only U+FFFE and U+FFFF are left.
std::size_t forbidden_bytes(std::string_view text) {
  const auto first = static_cast<std::uint8_t>(text.front());
  if (first < 0x20) {
    return first == '\t' || first == '\n' || first == '\r' ? 0 : 1;
  }
  return text.starts_with("\xef\xbf\xbe") || text.starts_with("\xef\xbf\xbf") ? 3 : 0;
}

std::string_view escape_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '\r':
      return "&#13;";  // a parser would else make a newline of it
    default:
      return {};
  }
}

void escape_into(std::string& out, std::string_view text) {
  while (!text.empty()) {
    if (const std::size_t bytes = forbidden_bytes(text); bytes > 0) {
      out += replacement;
      text.remove_prefix(bytes);
      continue;
    }
    const std::string_view escape = escape_of(text.front());
    if (escape.empty()) {
      out += text.front();
    } else {
      out += escape;
    }
    text.remove_prefix(1);
  }
}

}  // namespace

Element& Element::text(std::string_view name, std::string_view value) {
  children_.emplace_back(name);
  children_.back().text_ = value;
  return *this;
}

Element& Element::text_if(std::string_view name, const std::optional<std::string>& value) {
  return value ? text(name, *value) : *this;
}

Element& Element::number(std::string_view name, std::uint64_t value) {
  return text(name, std::to_string(value));
}

Element& Element::flag(std::string_view name, bool value) {
  return text(name, value ? "true" : "false");
}

Element& Element::time(std::string_view name, Instant value) {
  return text(name, messages::format_instant(value));
}

Element& Element::add(Element child) {
  children_.push_back(std::move(child));
  return *this;
}

Element& Element::set(std::string_view name, std::vector<Element> items) {
  Element list(name);
  list.children_ = std::move(items);
  for (Element& item : list.children_) {
    item.name_ = item_name;
  }
  return add(std::move(list));
}

void Element::collect(std::string_view path, std::vector<std::string_view>& found) const {
  if (path.empty() && !text_.empty()) {
    found.push_back(text_);
  }
  const std::string_view step = path.substr(0, path.find('/'));
  const std::string_view rest = path.substr(std::min(step.size() + 1, path.size()));
  for (const Element& child : children_) {
    if (child.name_ == item_name) {
      child.collect(path, found);
    } else if (!step.empty() && child.name_ == step) {
      child.collect(rest, found);
    }
  }
}

std::vector<std::string_view> Element::values(std::string_view path) const {
  std::vector<std::string_view> found;
  collect(path, found);
  return found;
}

void Element::render_into(std::string& out, std::string_view name_space) const {
  (out += '<') += name_;
  if (!name_space.empty()) {
    ((out += " xmlns=\"") += name_space) += '"';
  }
  if (text_.empty() && children_.empty()) {
    out += "/>";
    return;
  }
  out += '>';
  escape_into(out, text_);
  for (const Element& child : children_) {
    child.render_into(out, {});
  }
  ((out += "</") += name_) += '>';
}

std::string Element::render() const { return render({}); }

std::string Element::render(std::string_view name_space) const {
  std::string out;
  render_into(out, name_space);
  return out;
}

Element text_item(std::string_view text) {
  Element item(item_name);
  item.text_ = text;
  return item;
}

std::string response_document(std::string_view action, std::string_view version,
                              std::string_view request_id, const Element& content) {
  std::string out(xml_declaration);
  out += '<';
  (out += action) += "Response xmlns=\"http://ec2.amazonaws.com/doc/";
  (out += version) += "/\">";
  out += "<requestId>";
  escape_into(out, request_id);
  out += "</requestId>";
  for (const Element& child : content.children()) {
    out += child.render();
  }
  ((out += "</") += action) += "Response>";
  return out;
}

bool fits_xml(std::string_view text) {
  for (; !text.empty(); text.remove_prefix(1)) {
    if (forbidden_bytes(text) > 0) {
      return false;
    }
  }
  return true;
}

}  // namespace vsim::ec2
