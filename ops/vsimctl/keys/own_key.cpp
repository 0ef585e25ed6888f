#include "ops/vsimctl/keys/own_key.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops/vsimctl/keys/key_file_change.h"
#include "ops/vsimctl/keys/key_making.h"

namespace vsim::vsimctl {
namespace {

using http::ApiKey;

std::string read_secret(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

/// Whether this text is that of our key in the file.
bool knows(const std::vector<ApiKey>& keys, const std::string& text) {
  const auto hash = messages::sha256_of(text);
  return std::any_of(keys.begin(), keys.end(), [&](const ApiKey& key) {
    return key.name == own_key_name && key.role == http::Role::operator_ && key.hash == hash;
  });
}

/// Beside, and then in its place: a reader sees the old or the new.
tl::expected<void, std::string> write_secret(const std::string& path, const std::string& text) {
  const std::string beside = fmt::format("{}.{}", path, ::getpid());
  const mode_t before = ::umask(S_IRWXG | S_IRWXO);
  std::ofstream file(beside, std::ios::trunc);
  file << text << "\n";
  file.close();
  ::umask(before);
  if (!file || std::rename(beside.c_str(), path.c_str()) != 0) {
    return failed(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
  return {};
}

/// The text of our key, put among `keys` and into its file unless another vsimctl was faster.
tl::expected<std::string, std::string> renew(std::vector<ApiKey>& keys,
                                             const std::string& secret_file) {
  auto known = read_secret(secret_file);
  if (knows(keys, known)) {
    return known;
  }
  std::erase_if(keys, [](const ApiKey& key) { return key.name == own_key_name; });
  if (keys.size() >= http::api_keys_max) {
    return failed(
        fmt::format("there are {} keys, and no more may be; revoke one first", http::api_keys_max));
  }
  const auto made = make_key(own_key_name, http::Role::operator_, std::string(default_account));
  if (!made) {
    return failed(made.error());
  }
  keys.push_back(made->key);
  if (const auto written = write_secret(secret_file, made->text); !written) {
    return failed(written.error());
  }
  return made->text;
}

}  // namespace

tl::expected<std::string, std::string> own_key(const std::string& keys_file) {
  const auto file = read_key_file(keys_file);
  if (!file) {
    return failed(file.error());
  }
  if (!file->there) {
    return std::string();
  }
  const auto folder = std::filesystem::absolute(keys_file).parent_path();
  const auto secret_file = (folder / (std::string(own_key_name) + ".key")).string();
  auto own = read_secret(secret_file);
  if (knows(file->keys, own)) {
    return own;
  }
  const auto change = [&](std::vector<ApiKey>& keys) -> tl::expected<void, std::string> {
    auto renewed = renew(keys, secret_file);
    if (!renewed) {
      return failed(renewed.error());
    }
    own = std::move(*renewed);
    return {};
  };
  const auto done = change_key_file(keys_file, change);
  if (!done) {
    return failed(done.error());
  }
  return own;
}

}  // namespace vsim::vsimctl
