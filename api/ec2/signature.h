#pragma once

// Signatures of requests: AWS Signature Version 4, in the header Authorization or in the query
// string, and Version 2, which libcloud sends. What is signed is read in one step, and compared
// with a secret in another, since while keys are off only the region in it counts. D79

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/ec2/parameters.h"

namespace vsim::ec2 {

/// A request as it was sent. All views outlive it.
struct SentRequest {
  std::string_view method;
  std::string_view path;
  std::string_view query;  // without the question mark
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::string_view body;
  /// Of that name in any case: all, joined with commas; nothing without one.
  std::optional<std::string> header(std::string_view lower_name) const;
};

/// What a request says of its own signature.
struct Signed {
  enum class Form : std::uint8_t { header_4, query_4, version_2 } form{};
  std::string access_key_id;
  std::string date;   // of the scope: 20261125
  std::string scope;  // 20261125/us-east-1/ec2/aws4_request
  std::string region;
  std::string service;
  std::vector<std::string> header_names;  // that are signed, in lower case, as listed
  std::string signature;
  std::string time;  // as sent
  std::uint64_t valid_seconds = 0;
};

/// Nothing where the request bears no signature; an error where it bears one that is no form known
/// here. Takes any date and any key.
Reply<std::optional<Signed>> read_signature(const SentRequest& request,
                                            const Parameters& parameters);

/// Whether the secret makes that signature over the request, and its time is within 15 minutes of
/// `now`, which is a time of the wall clock.
Reply<void> check_signature(const Signed& signature, const SentRequest& request,
                            const Parameters& parameters, std::string_view secret, Instant now);

/// The region of a request: of the signature's scope, else the first label of the host that names
/// one, else `usual`. It may be unknown.
std::string region_of(const std::optional<Signed>& signature, std::string_view host,
                      const std::set<std::string>& known, std::string_view usual);

/// For a signature that does not hold, whatever the reason, so that nobody learns which.
tl::unexpected<Error> not_authentic();

}  // namespace vsim::ec2
