#pragma once

// What was measured on what: without these lines a table of numbers means nothing.

#include <string>
#include <utility>
#include <vector>

namespace vsim::bench {

/// Processor, cores, memory, kernel, and the versions of what runs, as (name, value).
std::vector<std::pair<std::string, std::string>> describe_machine(const std::string& nats_url,
                                                                  const std::string& database_url);

/// Resident memory of a process in MB; 0 when there is no such process.
double resident_megabytes(int pid);

/// Runs a shell command and gives what it printed, without the last line break.
std::string output_of(const std::string& command);

}  // namespace vsim::bench
