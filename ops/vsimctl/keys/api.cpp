// `vsimctl api`: one request to the API, with the right scheme, certificate and key. D51

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/process/api_client.h"
#include "ops/vsimctl/api_options.h"
#include "ops/vsimctl/keys/own_key.h"
#include "ops/vsimctl/subcommands.h"

namespace vsim::vsimctl {
namespace {

using process::ApiAddress;
using process::ApiAnswer;
using process::ApiRequest;

// The API looks at its keys once a second, so it may not know ours yet.
constexpr std::chrono::seconds own_key_wait_max{5};
constexpr std::chrono::milliseconds own_key_retry_interval{200};
constexpr int unauthorized = 401;

struct Options {
  ApiOptions api;
  std::string key;
  std::string keys_file;
  ApiRequest request;
};

struct Key {
  std::string text;  // empty: none
  bool own = false;
};

tl::expected<Key, std::string> key_for(const Options& options) {
  if (!options.key.empty() || options.keys_file.empty()) {
    return Key{options.key, false};
  }
  const auto own = own_key(options.keys_file);
  if (!own) {
    return failed(own.error() + "; or give a key as API_KEY");
  }
  return Key{*own, !own->empty()};
}

tl::expected<ApiAnswer, std::string> ask(const ApiAddress& address, const Key& key,
                                         const ApiRequest& request) {
  const auto give_up = std::chrono::steady_clock::now() + own_key_wait_max;
  while (true) {
    auto answer = process::call_api(address, key.text, request);
    if (!answer || answer->status != unauthorized || !key.own ||
        std::chrono::steady_clock::now() > give_up) {
      return answer;
    }
    std::this_thread::sleep_for(own_key_retry_interval);
  }
}

tl::expected<void, std::string> run(const Options& options, const ApiAddress& address) {
  const auto key = key_for(options);
  if (!key) {
    return failed(key.error());
  }
  const auto answer = ask(address, *key, options.request);
  if (!answer) {
    return failed(answer.error());
  }
  std::fwrite(answer->body.data(), 1, answer->body.size(), stdout);
  if (!answer->body.empty() && answer->body.back() != '\n') {
    fmt::print("\n");
  }
  if (answer->status / 100 == 2) {
    return {};
  }
  const bool locked_out = answer->status == unauthorized && key->text.empty();
  return failed(fmt::format("{} {} was answered {}{}", options.request.method,
                            options.request.target, answer->status,
                            locked_out ? "; give a key as API_KEY, or name KEYS_FILE" : ""));
}

std::string complaint_about_target(const std::string& target) {
  const bool sendable = std::all_of(target.begin(), target.end(),
                                    [](unsigned char c) { return c > ' ' && c < 0x7F; });
  return target.starts_with('/') && sendable
             ? ""
             : "\"" + target + "\" is no path; write it like /servers?limit=1, blanks as %20";
}

std::string complaint_about_method(const std::string& method) {
  const bool known = method == "GET" || method == "POST" || method == "PUT" || method == "DELETE";
  return known ? ""
               : "\"" + method + "\" is no method of the API; it has GET, POST, PUT and DELETE";
}

ApiAddress required_address(const ApiOptions& options) {
  auto address = address_of(options);
  if (!address) {
    throw CLI::ValidationError(
        "API_URL names no API; set it (for the fleet of ops/up: \". .run/env\"), or add --api-url");
  }
  return std::move(*address);
}

}  // namespace

void add_api(CLI::App& app, LocalTask& chosen) {
  auto* command = app.add_subcommand(
      "api", "Sends one request to the API and prints the body; status 1 unless it is 2xx");
  auto options = std::make_shared<Options>();
  command->add_option("METHOD", options->request.method, "GET, POST, PUT or DELETE")
      ->check(complaint_about_method)
      ->required();
  command->add_option("PATH", options->request.target, "Such as /servers?status=RUNNING")
      ->check(complaint_about_target)
      ->required();
  command->add_option("BODY", options->request.body, "JSON");
  add_api_options(*command, options->api);
  command->add_option("--api-key", options->key, "A key; without: one of its own, see --keys-file")
      ->envname("API_KEY");
  command
      ->add_option("--keys-file", options->keys_file,
                   "The file of the API's keys: a key is made in it and kept beside it")
      ->envname("KEYS_FILE");
  command->callback([options, &chosen] {
    chosen = [options, address = required_address(options->api)] { return run(*options, address); };
  });
}

}  // namespace vsim::vsimctl
