#pragma once

// What all writes are answered with, whatever they write to.

#include <string>

#include "api/command_gateway.h"
#include "api/write_terms.h"

namespace vsim::api {

/// A write on its way: what was asked, as a command.
struct Write {
  const Call& call;
  WriteTerms terms;
  std::string type;  // of the command
  Region region;
  std::string server_id;  // empty for what is no server's
  Submission submission;
};

/// A write that is no server's: one subject for its commands, one for their outcomes. `path` is the
/// route's, without what a client may write in more than one way.
Write write_to(const Call& call, const WriteTerms& terms, std::string type, const Region& region,
               std::string commands_subject, std::string events_subject, std::string payload,
               std::string_view path);

/// The answer with what every answer to a write bears: Vsim-Sequence and Preference-Applied.
HttpResponse with_terms(HttpResponse response, const Write& write,
                        const read_model::OperationRow& operation);

/// 202: it is stored and will be done; its operation tells when.
HttpResponse accepted_answer(const Write& write, const read_model::OperationRow& operation);
HttpResponse accepted_answer(const Write& write, const Pending& pending);

/// A command that had an outcome other than success.
HttpResponse refused_answer(const Write& write, const read_model::OperationRow& operation);

}  // namespace vsim::api
