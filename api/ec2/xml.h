#pragma once

// The one way in which this door writes XML: an answer is a tree of elements, which is rendered at
// the end, and which filters read before. A resource is thereby what is shown of it, and no filter
// can differ from the answer. D79

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/instant.h"

namespace vsim::ec2 {

inline constexpr std::string_view xml_declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
inline constexpr std::string_view sts_name_space = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An element with a text or with other elements. What is absent is left out, not written empty,
/// since clients tell the two apart; what EC2 itself leaves empty is added with an empty text.
class Element {
 public:
  /// The name outlives it: names are literals.
  explicit Element(std::string_view name) : name_(name) {}

  Element& text(std::string_view name, std::string_view value);
  Element& text_if(std::string_view name, const std::optional<std::string>& value);
  Element& number(std::string_view name, std::uint64_t value);
  Element& flag(std::string_view name, bool value);     // true or false
  Element& time(std::string_view name, Instant value);  // to the millisecond
  Element& add(Element child);
  /// A list: its elements are renamed `item`. An empty one is <name/>.
  Element& set(std::string_view name, std::vector<Element> items);

  std::string_view name() const { return name_; }
  const std::string& text() const { return text_; }
  const std::vector<Element>& children() const { return children_; }

  /// The texts at a path such as "placement/availabilityZone", but for empty ones; items of lists
  /// need not be named: "groupSet/groupId" is of all groups. Valid as long as the element.
  std::vector<std::string_view> values(std::string_view path) const;

  /// As text, with what XML does not take escaped; characters that it cannot hold are replaced.
  std::string render() const;
  std::string render(std::string_view name_space) const;

 private:
  friend Element text_item(std::string_view text);
  void collect(std::string_view path, std::vector<std::string_view>& found) const;
  void render_into(std::string& out, std::string_view name_space) const;

  std::string_view name_;
  std::string text_;
  std::vector<Element> children_;
};

/// An item of a list with one text: <item>text</item>.
Element text_item(std::string_view text);

/// <NAME xmlns=...> around `content`'s elements, the request's id first. `version` is the
/// request's, which clients look elements up by: the name space ends in a slash.
std::string response_document(std::string_view action, std::string_view version,
                              std::string_view request_id, const Element& content);

/// Whether XML 1.0 can hold all characters of the text, which is UTF-8.
bool fits_xml(std::string_view text);

}  // namespace vsim::ec2
