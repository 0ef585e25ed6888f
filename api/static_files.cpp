#include "api/static_files.h"

#include <filesystem>
#include <string_view>
#include <utility>

#include "api/answers.h"
#include "schema/messages/catalogue_files.h"

namespace vsim::api {
namespace {

constexpr const char* own_files[] = {"index.html", "page.css", "start.js"};
constexpr const char* fetched_files[] = {"favicon-32x32.png", "swagger-ui.css",
                                         "swagger-ui-bundle.js"};

// Nothing from elsewhere and nothing inline. Pictures in the style sheet are data: URLs.
constexpr const char* content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// By the name's suffix; empty for what a page has no use for.
std::string type_of(const std::filesystem::path& name) {
  constexpr std::pair<std::string_view, const char*> types[] = {
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".png", "image/png"}};
  for (const auto& [suffix, type] : types) {
    if (name.extension() == suffix) {
      return type;
    }
  }
  return "";
}

}  // namespace

/// Reads `folder`/`name`. The error says why it cannot be read.
tl::expected<void, std::string> StaticFiles::take(const std::string& folder,
                                                  const std::string& name) {
  auto body = messages::load_file(folder + "/" + name);
  if (!body) {
    return tl::unexpected(body.error());
  }
  std::string tag = http::content_tag(*body);
  files_[name] = {type_of(name), std::move(tag), std::move(*body)};
  return {};
}

tl::expected<StaticFiles, std::string> StaticFiles::read_swagger(const std::string& schema_dir,
                                                                 const std::string& swagger_dir) {
  StaticFiles files;
  files.none_here_ =
      "Swagger UI is not served here; start the API with SWAGGER_DIR set to the folder into which "
      "ops/up has fetched it (.run/tools/swagger-ui), or read /openapi.json";
  files.no_such_file_ = "Swagger UI has no such file; open /swagger/index.html";
  if (swagger_dir.empty()) {
    return files;
  }
  tl::expected<void, std::string> taken;
  for (const char* name : own_files) {
    taken = taken ? files.take(schema_dir + "/http/swagger", name) : taken;
  }
  for (const char* name : fetched_files) {
    taken = taken ? files.take(swagger_dir, name) : taken;
  }
  if (!taken) {
    return tl::unexpected("SWAGGER_DIR: " + taken.error() +
                          "; name the folder into which ops/up has fetched Swagger UI "
                          "(.run/tools/swagger-ui), or leave it out");
  }
  return files;
}

tl::expected<StaticFiles, std::string> StaticFiles::read_console(const std::string& schema_dir) {
  StaticFiles files;
  files.none_here_ = "the console is not served here; SCHEMA_DIR has no http/console";
  files.no_such_file_ = "the console has no such file; open /console/";
  const std::string folder = schema_dir + "/http/console";
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if (type_of(name).empty()) {
      continue;
    }
    if (const auto taken = files.take(folder, name); !taken) {
      return tl::unexpected("SCHEMA_DIR: " + taken.error());
    }
  }
  return files;
}

Answer StaticFiles::get(const Call& call) const {
  if (files_.empty()) {
    return tl::unexpected(
        http::Problem{.code = http::ProblemCode::not_found, .detail = none_here_});
  }
  const auto known = read_known_tags(call.request);
  if (!known) {
    return tl::unexpected(known.error());
  }
  const auto found = files_.find(call.parameter.empty() ? "index.html" : call.parameter);
  if (found == files_.end()) {
    return tl::unexpected(
        http::Problem{.code = http::ProblemCode::not_found, .detail = no_such_file_});
  }
  const File& file = found->second;
  HttpResponse response;
  response.content_type = file.type;
  response.body = file.body;
  response.add("ETag", file.tag);
  response.add("Cache-Control", "no-cache");  // kept, and asked for again: 304 unless it changed
  response.add("Content-Security-Policy", content_security_policy);
  response.add("X-Content-Type-Options", "nosniff");
  response.add("Referrer-Policy", "no-referrer");
  return unless_known(std::move(response), *known);
}

}  // namespace vsim::api
