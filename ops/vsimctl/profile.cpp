// `vsimctl profile check`: what is wrong with a lifecycle profile before anything is started with
// it.

#include <cstdio>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "ops/vsimctl/subcommands.h"
#include "schema/messages/action_codec.h"
#include "schema/messages/catalogue_files.h"
#include "schema/messages/profile_files.h"

namespace vsim::vsimctl {
namespace {

tl::expected<void, std::string> check(const std::string& path) {
  const auto text = messages::load_file(path);
  if (!text) {
    return failed(text.error());
  }
  const auto name = std::filesystem::path(path).stem().string();
  if (const auto why = messages::complaint_about_ordered_name(name)) {
    return failed(path + ": cannot be ordered: the name of a profile " + *why);
  }
  if (std::filesystem::path(path).extension() != ".json") {
    return failed(path + ": is not read: the name of a profile's file ends with .json");
  }
  const auto profile = messages::read_profile(*text, name);
  if (profile) {
    fmt::print("{} is well; creates name it \"{}\"\n", path, name);
    return {};
  }
  for (const auto& mistake : profile.error()) {
    fmt::print("{}:{}: {}\n", path, mistake.line, mistake.text());
  }
  return failed(fmt::format("{} has {} mistake{}", path, profile.error().size(),
                            profile.error().size() == 1 ? "" : "s"));
}

}  // namespace

void add_profile(CLI::App& app, LocalTask& chosen) {
  auto* command = app.add_subcommand("profile", "Lifecycle profiles");
  command->require_subcommand(1);
  auto* checked = command->add_subcommand("check", "Says what is wrong with a profile's file");
  auto path = std::make_shared<std::string>();
  checked->add_option("FILE", *path, "The file, as in schema/profiles")->required();
  checked->callback([&chosen, path] { chosen = [path] { return check(*path); }; });
}

}  // namespace vsim::vsimctl
