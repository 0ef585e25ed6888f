// `vsimctl keys`: who may use the API, and as what. Works on the file alone; the API sees it
// change.

#include <algorithm>
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/vsimctl/keys/key_file_change.h"
#include "ops/vsimctl/keys/key_making.h"
#include "ops/vsimctl/keys/own_key.h"
#include "ops/vsimctl/subcommands.h"
#include "ops/vsimctl/terminal/consent.h"
#include "ops/vsimctl/terminal/table.h"
#include "schema/messages/instant_text.h"

namespace vsim::vsimctl {
namespace {

using http::ApiKey;
using Path = std::shared_ptr<const std::string>;

struct NewKey {
  std::string name;
  http::Role role{};
  std::string account;
};

std::vector<ApiKey>::iterator named(std::vector<ApiKey>& keys, const std::string& name) {
  return std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.name == name; });
}

tl::expected<void, std::string> no_such_key(const std::string& name) {
  return failed(fmt::format("there is no key {}; vsimctl keys list shows them", name));
}

tl::expected<void, std::string> list_keys(const std::string& path) {
  const auto file = read_key_file(path);
  if (!file) {
    return failed(file.error());
  }
  if (!file->there) {
    fmt::print("no keys, and no {}: the API asks for none\n", path);
    return {};
  }
  Table table({"NAME", "ROLE", "ACCOUNT", "MADE"});
  for (const ApiKey& key : file->keys) {
    table.add({key.name, std::string(to_string(key.role)), key.account,
               messages::format_instant(key.made_at)});
  }
  table.print();
  return {};
}

/// The key alone goes to stdout, so that KEY=$(vsimctl keys add ...) holds it.
tl::expected<void, std::string> add(const std::string& path, const NewKey& wanted) {
  const auto made = make_key(wanted.name, wanted.role, wanted.account);
  if (!made) {
    return failed(made.error());
  }
  const auto done =
      change_key_file(path, [&](std::vector<ApiKey>& keys) -> tl::expected<void, std::string> {
        if (named(keys, wanted.name) != keys.end()) {
          return failed(fmt::format(
              "there is a key {} already; revoke it first, or take another name", wanted.name));
        }
        if (keys.size() >= http::api_keys_max) {
          return failed(fmt::format("there are {} keys, and no more may be; revoke one first",
                                    http::api_keys_max));
        }
        keys.push_back(made->key);
        return {};
      });
  if (!done) {
    return done;
  }
  fmt::print(stderr,
             "The key {} ({}, account {}), shown this once; send it as \"Authorization: Bearer "
             "KEY\". An API with this file asks for a key from now on.\n",
             wanted.name, to_string(wanted.role), wanted.account);
  fmt::print("{}\n", made->text);
  return {};
}

tl::expected<void, std::string> revoke(const std::string& path, const std::string& name,
                                       const Consent& consent) {
  auto file = read_key_file(path);
  if (!file) {
    return failed(file.error());
  }
  const auto key = named(file->keys, name);
  if (key == file->keys.end()) {
    return no_such_key(name);
  }
  if (consent.dry_run) {
    fmt::print("dry run: the key {} ({}) would be revoked\n", name, to_string(key->role));
    return {};
  }
  const auto question = fmt::format("Revoke the key {} ({})?", name, to_string(key->role));
  if (auto sure = confirm(question, consent.yes); !sure) {
    return sure;
  }
  auto done =
      change_key_file(path, [&](std::vector<ApiKey>& keys) -> tl::expected<void, std::string> {
        const auto found = named(keys, name);
        if (found == keys.end()) {
          return no_such_key(name);
        }
        keys.erase(found);
        return {};
      });
  if (done) {
    fmt::print("revoked {}; the API refuses it within a second\n", name);
  }
  return done;
}

Path add_path(CLI::App& keys) {
  auto path = std::make_shared<std::string>();
  keys.add_option("--keys-file", *path, "The file of the keys, as the API has it")
      ->envname("KEYS_FILE");
  return path;
}

void require_path(const std::string& path) {
  if (path.empty()) {
    throw CLI::ValidationError(
        "KEYS_FILE names no file; set it as for the API (for the fleet of ops/up: \". .run/env\"), "
        "or add --keys-file FILE");
  }
}

std::shared_ptr<std::string> add_name(CLI::App& command, const std::string& meaning) {
  auto name = std::make_shared<std::string>();
  command.add_option("NAME", *name, meaning)
      ->check([](const std::string& text) {
        const auto complaint = http::complaint_about_key_name(text);
        return complaint ? "\"" + text + "\" is no name for a key; " + *complaint : std::string();
      })
      ->required();
  return name;
}

void declare_add(CLI::App& keys, const Path& path, LocalTask& chosen) {
  auto* command = keys.add_subcommand("add", "Makes a key, and prints it this once");
  const auto name = add_name(*command, "Who uses it: the actor that events name");
  command->get_option("NAME")->check([](const std::string& text) {
    return text == own_key_name ? text + " is the key that vsimctl api makes for itself" : "";
  });
  auto role = std::make_shared<http::Role>();
  command
      ->add_option_function<std::string>(
          "--role", [role](const std::string& text) { *role = *http::role_from(text); },
          "reader: GET; caller: also creates servers and acts on them; operator: also pools, clock")
      ->check([](const std::string& text) {
        return http::role_from(text) ? std::string()
                                     : "\"" + text +
                                           "\" is no role; there are reader, caller, "
                                           "operator";
      })
      ->required();
  auto account = std::make_shared<std::string>(default_account);
  command
      ->add_option("--account", *account,
                   "Whose servers, commands and bills it sees; an operator sees all, and creates "
                   "for this one")
      ->capture_default_str()
      ->check([](const std::string& text) {
        const auto complaint = complaint_about_account(text);
        return complaint ? "\"" + text + "\" is no account; " + *complaint : std::string();
      });
  command->callback([=, &chosen] {
    require_path(*path);
    chosen = [=] { return add(*path, {*name, *role, *account}); };
  });
}

void declare_revoke(CLI::App& keys, const Path& path, LocalTask& chosen) {
  auto* command = keys.add_subcommand("revoke", "Takes a key back: it opens nothing any more");
  const auto name = add_name(*command, "The key, as keys list shows it");
  const auto consent = add_consent_flags(*command);
  command->callback([=, &chosen] {
    require_path(*path);
    chosen = [=] { return revoke(*path, *name, *consent); };
  });
}

}  // namespace

void add_keys(CLI::App& app, LocalTask& chosen) {
  auto* keys = app.add_subcommand("keys", "The API's keys: who may use it, and as what");
  keys->require_subcommand(1);
  const auto path = add_path(*keys);
  declare_add(*keys, path, chosen);
  keys->add_subcommand("list", "All keys; what they are themselves is not kept")
      ->callback([=, &chosen] {
        require_path(*path);
        chosen = [=] { return list_keys(*path); };
      });
  declare_revoke(*keys, path, chosen);
}

}  // namespace vsim::vsimctl
