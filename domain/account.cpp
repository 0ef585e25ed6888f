#include "domain/account.h"

#include <algorithm>

namespace vsim {
namespace {

bool may_stand_in_account(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

}  // namespace

std::optional<std::string> complaint_about_account(std::string_view name) {
  if (!name.empty() && name.size() <= account_characters_max &&
      std::all_of(name.begin(), name.end(), may_stand_in_account)) {
    return std::nullopt;
  }
  return "an account has 1 to " + std::to_string(account_characters_max) +
         " lower-case letters, digits and dashes";
}

std::string beside_owner(std::string_view account, std::string_view owner) {
  return account == owner ? std::string() : std::string(account);
}

}  // namespace vsim
