#include "api/ec2/page_token.h"

#include <span>

#include "schema/http/base64url.h"
#include "schema/messages/sha256.h"

namespace vsim::ec2 {
namespace {

// A token is base64url of: the sum of all that follows, the hash of subject and filters, the page's
// size, the position, and the filters, unless they are long, when each call has to send them.
constexpr std::size_t sum_bytes = 8;
constexpr std::size_t filter_bytes_max = 4096;
constexpr std::size_t token_characters_max = 8192;

std::string hash_of(std::string_view text) {
  const auto digest = messages::sha256_of(text);
  return {digest.begin(), digest.begin() + sum_bytes};
}

void write_number(std::string& out, std::uint64_t number) {
  out += static_cast<char>(number >> 8 & 0xFF);
  out += static_cast<char>(number & 0xFF);
}

void write_text(std::string& out, std::string_view text) {
  write_number(out, text.size());
  out += text;
}

/// Takes what the functions above wrote off the text; nothing when there is too little of it.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  if (text.size() < 2) {
    return std::nullopt;
  }
  const auto byte = [&](std::size_t i) { return static_cast<std::uint64_t>(text[i]) & 0xFF; };
  const std::uint64_t number = byte(0) << 8 | byte(1);
  text.remove_prefix(2);
  return number;
}

std::optional<std::string> take_text(std::string_view& text) {
  const auto size = take_number(text);
  if (!size || text.size() < *size) {
    return std::nullopt;
  }
  std::string taken(text.substr(0, *size));
  text.remove_prefix(*size);
  return taken;
}

std::string filters_text(const std::vector<Filter>& filters) {
  std::string out;
  for (const Filter& filter : filters) {
    write_text(out, filter.name);
    write_number(out, filter.patterns.size());
    for (const std::string& pattern : filter.patterns) {
      write_text(out, pattern);
    }
  }
  return out;
}

std::optional<std::vector<Filter>> filters_from(std::string_view text) {
  std::vector<Filter> filters;
  while (!text.empty()) {
    auto name = take_text(text);
    auto count = name ? take_number(text) : std::nullopt;
    if (!count) {
      return std::nullopt;
    }
    Filter filter{std::move(*name), {}};
    for (; *count > 0; --*count) {
      auto pattern = take_text(text);
      if (!pattern) {
        return std::nullopt;
      }
      filter.patterns.push_back(std::move(*pattern));
    }
    filters.push_back(std::move(filter));
  }
  return filters;
}

struct Token {
  std::string of;  // the hash of subject and filters
  std::uint64_t size = 0;
  std::string after;
  std::string filters;
};

std::optional<std::string> decoded(std::string_view token) {
  if (token.size() > token_characters_max) {
    return std::nullopt;
  }
  std::string bytes(token.size() * 3 / 4, '\0');
  const auto into = std::span(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size());
  return http::from_base64url(token, into) ? std::optional(std::move(bytes)) : std::nullopt;
}

std::optional<Token> read_token(std::string_view text) {
  const auto bytes = decoded(text);
  if (!bytes || bytes->size() < 2 * sum_bytes) {
    return std::nullopt;
  }
  std::string_view rest = *bytes;
  const std::string_view sum = rest.substr(0, sum_bytes);
  rest.remove_prefix(sum_bytes);
  if (hash_of(rest) != sum) {
    return std::nullopt;
  }
  Token token{.of = std::string(rest.substr(0, sum_bytes)), .after = {}, .filters = {}};
  rest.remove_prefix(sum_bytes);
  const auto size = take_number(rest);
  auto after = size ? take_text(rest) : std::nullopt;
  if (!after || after->empty()) {
    return std::nullopt;
  }
  token.size = *size;
  token.after = std::move(*after);
  token.filters = rest;
  return token;
}

std::string subject_hash(std::string_view subject, const std::string& filters) {
  return hash_of(std::string(subject) + '\0' + filters);
}

tl::unexpected<Error> invalid_page_value(std::string_view value, std::string_view name,
                                         std::string_view why) {
  return refused(ErrorCode::invalid_parameter_value, "Value ( " + std::string(value) +
                                                         " ) for parameter " + std::string(name) +
                                                         " is invalid. " + std::string(why));
}

Reply<std::optional<std::uint64_t>> read_size(const Parameters& parameters, PageBounds bounds) {
  constexpr std::uint64_t size_sent_max = 1'000'000'000;
  auto size = parameters.integer("MaxResults", size_sent_max);
  if (!size || !*size) {
    return size;
  }
  if (**size < bounds.least) {
    return invalid_page_value(
        std::to_string(**size), "maxResults",
        "Expecting a value greater than " + std::to_string(bounds.least) + ".");
  }
  return std::min(**size, bounds.most);
}

}  // namespace

Reply<PageRequest> read_page_request(const Parameters& parameters, const FilterTable& table,
                                     std::string_view subject, PageBounds bounds) {
  auto filters = read_filters(parameters, table);
  if (!filters) {
    return tl::unexpected(std::move(filters.error()));
  }
  const auto size = read_size(parameters, bounds);
  if (!size) {
    return tl::unexpected(size.error());
  }
  PageRequest page{.filters = std::move(*filters),
                   .size = size->value_or(bounds.most),
                   .after = {},
                   .is_paged = size->has_value()};
  const std::string* text = parameters.find("NextToken");
  if (text == nullptr) {
    return page;
  }
  const auto token = read_token(*text);
  const std::string of =
      token && page.filters.empty() ? token->filters : filters_text(page.filters);
  if (!token || subject_hash(subject, of) != token->of) {
    return invalid_page_value(*text, "nextToken", "The token is invalid.");
  }
  if (page.filters.empty()) {
    page.filters = filters_from(of).value_or(std::vector<Filter>());
  }
  page.size = size->value_or(std::min(token->size, bounds.most));
  page.after = token->after;
  page.is_paged = true;
  return page;
}

std::string next_token(const PageRequest& page, std::string_view subject, std::string_view after) {
  const std::string filters = filters_text(page.filters);
  std::string rest = subject_hash(subject, filters);
  write_number(rest, page.size);
  write_text(rest, after);
  if (filters.size() <= filter_bytes_max) {
    rest += filters;
  }
  const std::string bytes = hash_of(rest) + rest;
  return http::to_base64url(
      std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

}  // namespace vsim::ec2
