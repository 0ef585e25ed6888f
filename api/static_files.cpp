#include "api/static_files.h"

#include "api/answers.h"
#include "schema/messages/catalogue_files.h"

namespace vsim::api {
namespace {

struct Listed {
  const char* name;
  const char* type;
};
constexpr Listed own_files[] = {{"index.html", "text/html; charset=utf-8"},
                                {"page.css", "text/css; charset=utf-8"},
                                {"start.js", "text/javascript; charset=utf-8"}};
constexpr Listed fetched_files[] = {{"favicon-32x32.png", "image/png"},
                                    {"swagger-ui.css", "text/css; charset=utf-8"},
                                    {"swagger-ui-bundle.js", "text/javascript; charset=utf-8"}};

// Nothing from elsewhere and nothing inline. Pictures in the style sheet are data: URLs.
constexpr const char* content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

tl::expected<StaticFiles, std::string> StaticFiles::read(const std::string& schema_dir,
                                                         const std::string& swagger_dir) {
  StaticFiles files;
  if (swagger_dir.empty()) {
    return files;
  }
  std::string missing;
  const auto take = [&](const std::string& folder, const Listed& listed) {
    auto body = messages::load_file(folder + "/" + listed.name);
    if (!body) {
      missing = body.error();
      return;
    }
    std::string tag = http::content_tag(*body);
    files.files_[listed.name] = {listed.type, std::move(tag), std::move(*body)};
  };
  for (const Listed& listed : own_files) {
    take(schema_dir + "/http/swagger", listed);
  }
  for (const Listed& listed : fetched_files) {
    take(swagger_dir, listed);
  }
  if (!missing.empty()) {
    return tl::unexpected("SWAGGER_DIR: " + missing +
                          "; name the folder into which ops/up has fetched Swagger UI "
                          "(.run/tools/swagger-ui), or leave it out");
  }
  return files;
}

Answer StaticFiles::get(const Call& call) const {
  if (files_.empty()) {
    return tl::unexpected(http::Problem{
        .code = http::ProblemCode::not_found,
        .detail =
            "Swagger UI is not served here; start the API with SWAGGER_DIR set to the folder into "
            "which ops/up has fetched it (.run/tools/swagger-ui), or read /openapi.json"});
  }
  const auto known = read_known_tags(call.request);
  if (!known) {
    return tl::unexpected(known.error());
  }
  const auto found = files_.find(call.parameter);
  if (found == files_.end()) {
    return tl::unexpected(
        http::Problem{.code = http::ProblemCode::not_found,
                      .detail = "Swagger UI has no such file; open /swagger/index.html"});
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
