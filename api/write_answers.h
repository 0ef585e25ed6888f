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

/// The answer with what every answer to a write bears: Vsim-Sequence, Preference-Applied, and where
/// an earlier request was given it, Idempotent-Replayed.
HttpResponse with_terms(HttpResponse response, const Write& write, const Decided& decided);

/// 202: it is stored and will be done; `Location` is its operation, up to the end that was asked
/// for, which can be waited for there. Of what is decided: it goes on, or cannot be shown now.
HttpResponse accepted_answer(const Write& write, const Decided& decided);
HttpResponse accepted_answer(const Write& write, const Pending& pending);

/// A command that had an outcome other than success.
HttpResponse refused_answer(const Write& write, const Decided& decided);

/// 409: carried out, but the end that was asked for never comes. `Location` is the server.
HttpResponse superseded_answer(const Write& write, const Decided& decided);

/// Whether nothing goes on by itself in this state.
bool is_settled(const read_model::ServerRow& server);

}  // namespace vsim::api
