#pragma once

// Swagger UI as it is served: files read at the start and kept in memory. D34

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
  static tl::expected<StaticFiles, std::string> read(const std::string& schema_dir,
                                                     const std::string& swagger_dir);

  /// The file that the path names, or 304. Knows only the names that were read, so no path leads to
  /// another file.
  Answer get(const Call& call) const;

 private:
  struct File {
    std::string type;
    std::string tag;
    std::string body;
  };
  std::map<std::string, File, std::less<>> files_;
};

}  // namespace vsim::api
