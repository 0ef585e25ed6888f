#include "api/ec2/signature.h"

#include <algorithm>
#include <cstdlib>

#include <openssl/crypto.h>

#include "domain/decimal.h"
#include "schema/http/base64url.h"
#include "schema/http/query_string.h"
#include "schema/messages/instant_text.h"
#include "schema/messages/sha256.h"

namespace vsim::ec2 {
namespace {

constexpr std::string_view algorithm_4 = "AWS4-HMAC-SHA256";
constexpr std::string_view scope_end = "aws4_request";
constexpr std::string_view signature_in_query = "X-Amz-Signature";
constexpr std::chrono::minutes skew_max{15};
constexpr std::uint64_t valid_seconds_max = 604'800;  // a week
constexpr std::size_t signed_headers_max = 100;

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string bytes_of(const messages::Sha256& digest) { return {digest.begin(), digest.end()}; }

/// %XX in capitals for all but what RFC 3986 leaves unreserved, and `also`.
std::string escaped(std::string_view text, char also = '~') {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || c == also;
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      ((out += '%') += digits[byte >> 4]) += digits[byte & 15];
    }
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

/// Without blanks around it, and with one for each run of them.
std::string folded(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') {
    out.pop_back();
  }
  return out;
}

Pairs escaped_pairs(Pairs pairs) {
  for (auto& [name, value] : pairs) {
    name = escaped(name);
    value = escaped(value);
  }
  return pairs;
}

/// NAME=VALUE&..., but for the signature itself.
std::string canonical_query(const Pairs& pairs, std::string_view without) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (name != without) {
      (((out += out.empty() ? "" : "&") += name) += '=') += value;
    }
  }
  return out;
}

Pairs pairs_of(std::string_view query) {
  Pairs pairs;
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) {
      continue;
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    const auto name = http::decode_component(part.substr(0, equals));
    const auto value = http::decode_component(part.substr(std::min(equals + 1, part.size())));
    pairs.emplace_back(name.value_or(""), value.value_or(""));  // read before, so none is broken
  }
  return pairs;
}

/// 20261125T213450Z.
std::optional<Instant> read_basic_time(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') {
    return std::nullopt;
  }
  std::string extended(text.substr(0, 4));
  for (const auto& [from, before] : {std::pair(4, "-"), {6, "-"}, {9, "T"}, {11, ":"}, {13, ":"}}) {
    (extended += before) += text.substr(static_cast<std::size_t>(from), 2);
  }
  return messages::parse_instant(extended + "Z");
}

/// KEY/20261125/us-east-1/ec2/aws4_request.
bool read_scope(std::string_view credential, Signed& into) {
  const auto parts = split(credential, '/');
  if (parts.size() != 5 || parts[0].empty() || parts[1].size() != 8 || parts[4] != scope_end) {
    return false;
  }
  into.access_key_id = parts[0];
  into.date = parts[1];
  into.region = parts[2];
  into.service = parts[3];
  into.scope = credential.substr(parts[0].size() + 1);
  return true;
}

bool read_header_names(std::string_view list, Signed& into) {
  for (const std::string_view name : split(list, ';')) {
    into.header_names.push_back(lower(name));
  }
  return into.header_names.size() <= signed_headers_max;
}

/// Takes "NAME=VALUE" off a list with commas between.
std::optional<std::string> member_of(std::string_view list, std::string_view name) {
  for (const std::string_view part : split(list, ',')) {
    const std::string member = folded(part);
    if (member.starts_with(std::string(name) + "=")) {
      return member.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

Reply<std::optional<Signed>> read_header(std::string_view authorization,
                                         const SentRequest& request) {
  const std::string_view list = authorization.substr(algorithm_4.size());
  const auto credential = member_of(list, "Credential");
  const auto names = member_of(list, "SignedHeaders");
  const auto signature = member_of(list, "Signature");
  Signed read;
  read.form = Signed::Form::header_4;
  if (!credential || !names || !signature || !read_scope(*credential, read) ||
      !read_header_names(*names, read)) {
    return not_authentic();
  }
  read.signature = *signature;
  read.time = request.header("x-amz-date").value_or("");
  return read;
}

Reply<std::optional<Signed>> read_query(const Parameters& parameters) {
  Signed read;
  read.form = Signed::Form::query_4;
  const auto seconds =
      read_decimal(parameters.text("X-Amz-Expires").value_or(""), valid_seconds_max);
  if (parameters.text("X-Amz-Algorithm") != algorithm_4 || !seconds ||
      !read_scope(parameters.text("X-Amz-Credential").value_or(""), read) ||
      !read_header_names(parameters.text("X-Amz-SignedHeaders").value_or(""), read)) {
    return not_authentic();
  }
  read.valid_seconds = *seconds;
  read.signature = parameters.text(signature_in_query).value_or("");
  read.time = parameters.text("X-Amz-Date").value_or("");
  return read;
}

Reply<std::optional<Signed>> read_version_2(const Parameters& parameters) {
  Signed read;
  read.form = Signed::Form::version_2;
  if (parameters.text("SignatureVersion") != "2" ||
      parameters.text("SignatureMethod") != "HmacSHA256") {
    return not_authentic();
  }
  read.access_key_id = parameters.text("AWSAccessKeyId").value_or("");
  read.signature = parameters.text("Signature").value_or("");
  read.time = parameters.text("Timestamp").value_or("");
  return read;
}

std::string canonical_headers(const Signed& signature, const SentRequest& request) {
  std::string out;
  for (const std::string& name : signature.header_names) {
    ((out += name) += ':') += folded(request.header(name).value_or(""));
    out += '\n';
  }
  return out + '\n';
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    (out += out.empty() ? "" : ";") += name;
  }
  return out;
}

std::string signature_4(const Signed& signature, const SentRequest& request,
                        std::string_view secret) {
  Pairs query = escaped_pairs(pairs_of(request.query));
  std::sort(query.begin(), query.end());  // Version 2 sorts before it escapes
  const bool in_query = signature.form == Signed::Form::query_4;
  const std::string canonical = std::string(request.method) + '\n' + escaped(request.path, '/') +
                                '\n' + canonical_query(query, in_query ? signature_in_query : "") +
                                '\n' + canonical_headers(signature, request) +
                                joined(signature.header_names) + '\n' +
                                messages::sha256_hex(request.body);
  const std::string text = std::string(algorithm_4) + '\n' + signature.time + '\n' +
                           signature.scope + '\n' + messages::sha256_hex(canonical);
  std::string key = "AWS4" + std::string(secret);
  for (const std::string_view part :
       {std::string_view(signature.date), std::string_view(signature.region),
        std::string_view(signature.service), scope_end}) {
    key = bytes_of(messages::hmac_sha256(key, part));
  }
  return messages::to_hex(messages::hmac_sha256(key, text));
}

std::string signature_2(const SentRequest& request, const Parameters& parameters,
                        std::string_view secret) {
  const std::string text = std::string(request.method) + '\n' +
                           lower(request.header("host").value_or("")) + '\n' +
                           std::string(request.path) + '\n' +
                           canonical_query(escaped_pairs(parameters.all()), "Signature");
  return http::to_base64(messages::hmac_sha256(secret, text));
}

bool same(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

bool signs(const Signed& signature, std::string_view header) {
  const auto& names = signature.header_names;
  return std::find(names.begin(), names.end(), header) != names.end();
}

/// Whether what is signed binds the signature to this door and this time.
bool is_bound(const Signed& signature, const SentRequest& request) {
  switch (signature.form) {
    case Signed::Form::version_2:
      return true;
    case Signed::Form::query_4:
      return signs(signature, "host") && signature.time.starts_with(signature.date);
    case Signed::Form::header_4: {
      const auto hash = request.header("x-amz-content-sha256");
      return signs(signature, "host") && signs(signature, "x-amz-date") &&
             signature.time.starts_with(signature.date) &&
             (!hash || *hash == messages::sha256_hex(request.body));
    }
  }
  std::abort();
}

bool is_in_time(const Signed& signature, Instant now) {
  const auto at = signature.form == Signed::Form::version_2
                      ? messages::parse_instant(signature.time)
                      : read_basic_time(signature.time);
  const std::chrono::seconds valid =
      signature.form == Signed::Form::query_4
          ? std::chrono::seconds(static_cast<std::int64_t>(signature.valid_seconds))
          : std::chrono::seconds(skew_max);
  return at && now >= *at - skew_max && now <= *at + valid;
}

}  // namespace

std::optional<std::string> SentRequest::header(std::string_view lower_name) const {
  std::optional<std::string> found;
  for (const auto& [name, value] : headers) {
    if (lower(name) == lower_name) {
      found = found ? *found + "," + folded(value) : folded(value);
    }
  }
  return found;
}

tl::unexpected<Error> not_authentic() {
  return refused(ErrorCode::auth_failure,
                 "AWS was not able to validate the provided access credentials");
}

Reply<std::optional<Signed>> read_signature(const SentRequest& request,
                                            const Parameters& parameters) {
  const auto authorization = request.header("authorization");
  if (authorization && authorization->starts_with(algorithm_4)) {
    return read_header(*authorization, request);
  }
  if (parameters.find("X-Amz-Credential") != nullptr) {
    return read_query(parameters);
  }
  if (parameters.find("AWSAccessKeyId") != nullptr) {
    return read_version_2(parameters);
  }
  return std::nullopt;
}

Reply<void> check_signature(const Signed& signature, const SentRequest& request,
                            const Parameters& parameters, std::string_view secret, Instant now) {
  const std::string expected = signature.form == Signed::Form::version_2
                                   ? signature_2(request, parameters, secret)
                                   : signature_4(signature, request, secret);
  if (!same(expected, signature.signature) || !is_bound(signature, request) ||
      !is_in_time(signature, now)) {
    return not_authentic();
  }
  return {};
}

std::string region_of(const std::optional<Signed>& signature, std::string_view host,
                      const std::set<std::string>& known, std::string_view usual) {
  if (signature && !signature->region.empty()) {
    return signature->region;
  }
  for (const std::string_view label : split(host.substr(0, host.find(':')), '.')) {
    if (known.count(lower(label)) > 0) {
      return lower(label);
    }
  }
  return std::string(usual);
}

}  // namespace vsim::ec2
