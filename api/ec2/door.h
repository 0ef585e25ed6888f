#pragma once

// One request of an EC2 client, from its bytes to the answer's: who sent it and for which region,
// which operation it calls, and the envelope. D79

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/ec2/fleet.h"
#include "api/ec2/operations.h"
#include "api/ec2/signature.h"
#include "schema/http/api_keys.h"

namespace vsim::ec2 {

/// Whom a request comes from.
struct Sender {
  std::string name = "ec2";
  http::Role role = http::Role::operator_;
  std::optional<std::string> account = {};  // of this one alone; none: of all
  std::string own_account = std::string(default_account);
};

/// A key that a request may be signed with.
struct SigningKey {
  Sender sender;
  std::string secret;
};

/// Any thread.
class Keyholder {
 public:
  virtual ~Keyholder() = default;
  virtual bool asks_for_keys() = 0;  // while it does not, any signature counts, and none
  virtual std::optional<SigningKey> find(std::string_view access_key_id) = 0;
  virtual Instant wall_time() = 0;  // which signatures are made by
};

struct Document {
  int status = 200;
  std::string body;
  std::string_view content_type = "text/xml;charset=UTF-8";
};

/// Any thread.
class Door {
 public:
  /// Both outlive it.
  Door(Offer offer, Fleet& fleet, Keyholder& keys)
      : offer_(std::move(offer)), fleet_(fleet), keys_(keys) {}

  Document answer(const SentRequest& request, std::string_view request_id);

  /// In the same envelope: what went wrong before the request came here.
  static Document refusal(const Error& error, std::string_view request_id);

 private:
  struct Known;
  Reply<Known> identify(const SentRequest& request, const Parameters& parameters);
  Reply<Element> operate(const Parameters& parameters, const Known& known,
                         const std::string& action);

  const Offer offer_;
  Fleet& fleet_;
  Keyholder& keys_;
};

}  // namespace vsim::ec2
