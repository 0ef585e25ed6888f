#include "schema/messages/subjects.h"

#include <algorithm>

#include "domain/account.h"

namespace vsim::messages {
namespace {

std::string joined(std::string_view prefix, std::string_view region, std::string_view last) {
  std::string subject;
  subject.reserve(prefix.size() + region.size() + last.size() + 1);
  subject.append(prefix).append(region).append(".").append(last);
  return subject;
}

struct Tokens {
  std::string_view first;
  std::string_view second;
};

// The two tokens behind a prefix.
std::optional<Tokens> two_tokens(std::string_view subject, std::string_view prefix) {
  if (!subject.starts_with(prefix)) {
    return std::nullopt;
  }
  subject.remove_prefix(prefix.size());
  const auto dot = subject.find('.');
  if (dot == std::string_view::npos) {
    return std::nullopt;
  }
  const auto second = subject.substr(dot + 1);
  if (second.empty() || second.find('.') != std::string_view::npos) {
    return std::nullopt;
  }
  return Tokens{subject.substr(0, dot), second};
}

std::optional<ServerId> canonical_server_id(std::string_view text) {
  const auto uuid = Uuid::parse(text);
  if (!uuid || uuid->to_string() != text) {
    return std::nullopt;
  }
  return ServerId{*uuid};
}

constexpr std::string_view warm_region = "_warm";

// NAME, or ACCOUNT:NAME: the default account is never written out, so a pool has one subject.
std::optional<WarmPoolId> parse_warm_pool(std::string_view token) {
  WarmPoolId pool{std::string(default_account), std::string(token)};
  if (const auto colon = token.find(':'); colon != std::string_view::npos) {
    pool = {std::string(token.substr(0, colon)), std::string(token.substr(colon + 1))};
    if (pool.account == default_account || complaint_about_account(pool.account)) {
      return std::nullopt;
    }
  }
  return is_warm_pool_name(pool.name) ? std::optional(std::move(pool)) : std::nullopt;
}

}  // namespace

std::string server_command(const Region& region, const ServerId& server) {
  return joined(command_prefix, region.name, server.to_string());
}
std::string any_command_of(const ServerId& server) {
  return joined(command_prefix, "*", server.to_string());
}
std::string pool_command(const Region& region) {
  return joined(command_prefix, region.name, "_pool");
}
std::string region_command(const Region& region) {
  return joined(command_prefix, region.name, "_region");
}
std::string server_events(const Region& region, const ServerId& server) {
  return joined(server_event_prefix, region.name, server.to_string());
}
std::string any_events_of(const ServerId& server) {
  return joined(server_event_prefix, "*", server.to_string());
}
std::string address_events(const Region& region, Ipv4 ip) {
  auto token = ip.to_string();
  std::replace(token.begin(), token.end(), '.', '-');
  return joined(address_prefix, region.name, token);
}
std::string pool_events(const Region& region) { return std::string(pool_prefix) + region.name; }

std::string region_events(const Region& region) { return std::string(region_prefix) + region.name; }

std::string billing_events(const Region& region) {
  return std::string(billing_prefix) + region.name;
}

std::string warm_pool_region(const WarmPoolId& pool) {
  std::string text(warm_region);
  text += '.';
  if (pool.account != default_account) {
    text.append(pool.account).append(":");
  }
  return text += pool.name;
}
std::optional<WarmPoolId> parse_warm_pool_region(std::string_view region) {
  const auto dot = region.find('.');
  if (dot == std::string_view::npos || region.substr(0, dot) != warm_region) {
    return std::nullopt;
  }
  return parse_warm_pool(region.substr(dot + 1));
}
std::string warm_pool_command(const WarmPoolId& pool) {
  return std::string(command_prefix) + warm_pool_region(pool);
}
std::string warm_pool_events(const WarmPoolId& pool) {
  return joined(warm_pool_prefix, pool.account, pool.name);
}
std::optional<WarmPoolId> parse_warm_pool_events_subject(std::string_view subject) {
  const auto tokens = two_tokens(subject, warm_pool_prefix);
  if (!tokens || complaint_about_account(tokens->first) || !is_warm_pool_name(tokens->second)) {
    return std::nullopt;
  }
  return WarmPoolId{std::string(tokens->first), std::string(tokens->second)};
}

std::string dead_letter(std::string_view command_subject) {
  const auto target = parse_command_subject(command_subject);
  if (!target || target->kind != CommandTarget::Kind::server) {
    return "vsim.dlq._other";
  }
  return joined("vsim.dlq.", target->region.name, target->server.to_string());
}

std::optional<CommandTarget> parse_command_subject(std::string_view subject) {
  const auto tokens = two_tokens(subject, command_prefix);
  if (!tokens) {
    return std::nullopt;
  }
  if (tokens->first == clock_region && tokens->second == "clock") {
    return CommandTarget{CommandTarget::Kind::clock, {std::string(clock_region)}, {}};
  }
  if (subject == faults_command_subject) {
    return CommandTarget{CommandTarget::Kind::faults, {std::string(faults_region)}, {}};
  }
  if (tokens->first == warm_region) {
    auto pool = parse_warm_pool(tokens->second);
    if (!pool) {
      return std::nullopt;
    }
    return CommandTarget{
        CommandTarget::Kind::warm_pool, {warm_pool_region(*pool)}, {}, std::move(*pool)};
  }
  const auto region = Region::parse(tokens->first);
  if (!region) {
    return std::nullopt;
  }
  if (tokens->second == "_pool") {
    return CommandTarget{CommandTarget::Kind::pool, *region, {}};
  }
  if (tokens->second == "_region") {
    return CommandTarget{CommandTarget::Kind::region, *region, {}};
  }
  const auto server = canonical_server_id(tokens->second);
  if (!server) {
    return std::nullopt;
  }
  return CommandTarget{CommandTarget::Kind::server, *region, *server};
}

std::optional<ServerTarget> parse_server_events_subject(std::string_view subject) {
  const auto tokens = two_tokens(subject, server_event_prefix);
  if (!tokens) {
    return std::nullopt;
  }
  const auto region = Region::parse(tokens->first);
  const auto server = canonical_server_id(tokens->second);
  if (!region || !server) {
    return std::nullopt;
  }
  return ServerTarget{*region, *server};
}

}  // namespace vsim::messages
