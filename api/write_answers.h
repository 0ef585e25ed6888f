#pragma once

// What all writes are answered with, whatever they write to.

#include <optional>

#include "api/command_gateway.h"
#include "api/write.h"

namespace vsim::api {

/// The answer with what every answer to a write bears: Vsim-Sequence, Preference-Applied, and where
/// an earlier request was given it, Idempotent-Replayed.
HttpResponse with_terms(HttpResponse response, const Write& write, const WriteResult& result);

/// 202: the command is stored. `Location` is its operation, up to the end that was asked for, which
/// can be waited for there. Also for a result with an outcome that has not settled, or that cannot
/// be shown now.
HttpResponse accepted_answer(const Write& write, const WriteResult& result);

/// The answer to a command that has not succeeded: 202 while it has no outcome, else the problem
/// document of its outcome. Nothing when it has succeeded.
std::optional<HttpResponse> answer_without_success(const Write& write, const WriteResult& result);

/// 409: carried out, but the server never settles: another command ended it. `Location` is the
/// server.
HttpResponse superseded_answer(const Write& write, const WriteResult& result);

/// Whether it is over with its outcome, in whatever state the server is: the extension of a lease.
bool begins_nothing(const read_model::OperationRow& operation);

/// Whether the server is in a state that lasts until the next command.
bool is_settled(const read_model::ServerRow& server);

}  // namespace vsim::api
