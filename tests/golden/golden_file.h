#pragma once

// Files of golden bytes: stored messages as text, so that a person can read a difference.
//
//   a case's name
//     subject vsim.evt.clock
//     stored_at 2026-03-01T12:00:10.000000001Z     (where the reader goes by it)
//     header Vsim-Actor: api                       (any number)
//     payload {"type":"clock_scaled",...}
//
// An empty line ends a case; lines that begin with # are comments.

#include <functional>
#include <string>
#include <vector>

#include "eventstore/message.h"

namespace vsim::golden {

/// A message that a build writes, or once wrote, and what today's build must read it as.
struct Case {
  std::string type;  // names the files: TYPE.1.txt, TYPE.2.txt, ...
  std::string name;
  /// Made by today's writer; without a payload where only an older build wrote such a message.
  eventstore::Message message;
  /// Fails the running test where the message is not read as the value written out in the test.
  std::function<void(const eventstore::Message&)> check_read;
};

/// Named messages of one file, in its order.
struct Entry {
  std::string name;
  eventstore::Message message;
};

/// The files of a type, oldest first.
std::vector<std::string> files_of(const std::string& type);
/// The file after the newest of a type.
std::string next_file(const std::string& type);

/// Both throw a std::runtime_error with the reason; a file is never written over.
std::vector<Entry> read_file(const std::string& path);
void write_file(const std::string& path, const std::vector<Case>& cases);

/// The types of all files in the folder.
std::vector<std::string> types_on_disk();

std::vector<Case> server_cases();
std::vector<Case> pool_cases();
std::vector<Case> region_cases();
std::vector<Case> clock_cases();
std::vector<Case> faults_cases();
std::vector<Case> warm_pool_cases();
std::vector<Case> address_and_billing_cases();
std::vector<Case> command_cases();

}  // namespace vsim::golden
