#pragma once

// The pages that the API serves, Swagger UI and the console: files read at the start and kept in
// memory. D34, D82

#include <map>
#include <string>

#include <tl/expected.hpp>

#include "api/call.h"

namespace vsim::api {

/// Fixed after construction; any thread.
class StaticFiles {
 public:
  /// Reads the page from `schema_dir` and what it loads from `swagger_dir`, where ops/up puts it;
  /// no file when that is empty. The error says which file is missing and how to get it.
  static tl::expected<StaticFiles, std::string> read_swagger(const std::string& schema_dir,
                                                             const std::string& swagger_dir);

  /// Reads all pages, scripts and style sheets of the console from `schema_dir`. No file
  /// when it has none, as a folder of somebody's own may. The error says which cannot be read.
  static tl::expected<StaticFiles, std::string> read_console(const std::string& schema_dir);

  /// The file that the path names, index.html where it names none; or 304. Knows only the names
  /// that were read, so no path leads to another file.
  Answer get(const Call& call) const;

 private:
  struct File {
    std::string type;
    std::string tag;
    std::string body;
  };

  tl::expected<void, std::string> take(const std::string& folder, const std::string& name);

  std::map<std::string, File, std::less<>> files_;
  std::string none_here_;     // what to say when there are no files
  std::string no_such_file_;  // and when there is none of that name
};

}  // namespace vsim::api
