#pragma once

// The projected tables as a checksum each: two read models of one log must have the same.

#include <map>
#include <string>

#include "tests/harness/database.h"

namespace vsim::samples {

/// By table, with its number of rows. PENDING operations and JOURNAL's checkpoint are left out:
/// they are not made from EVENTS.
inline std::map<std::string, std::string> table_checksums(const std::string& url) {
  std::map<std::string, std::string> sums;
  for (const auto& row :
       harness::query(url,
                      "SELECT relname FROM pg_class WHERE relnamespace = 'vsim'::regnamespace"
                      " AND relkind = 'r' AND relname <> 'migrations'")) {
    const auto& table = row[0];
    const std::string where = table == "operations"              ? " WHERE status <> 'PENDING'"
                              : table == "projection_checkpoint" ? " WHERE stream = 'EVENTS'"
                                                                 : "";
    sums[table] = harness::query_value(url,
                                       "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text,"
                                       " E'\\n' ORDER BY t::text)), '') FROM vsim." +
                                           table + " t" + where);
  }
  return sums;
}

}  // namespace vsim::samples
