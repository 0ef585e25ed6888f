#pragma once

// Events and commands of warm pools.

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "domain/warm_pool.h"
#include "schema/messages/logged_event.h"
#include "schema/messages/member_names.h"

namespace vsim::messages {

class Fields;
class JsonWriter;

std::string encode(const WarmPoolEvent& event, const WarmPool& after);

/// An event on vsim.evt.warm_pool.<account>.<name>, which is that pool's.
LoggedEvent read_warm_pool_event(const Fields& fields, const WarmPoolId& pool);

/// {"type":"set_warm_pool","region":"us-east-1","instance_type":"t2.micro","target":20,...} or
/// {"type":"drain_warm_pool"}.
std::string encode_warm_pool_action(const WarmPoolAction& action);

/// Reads such an action, in range. The error says what is wrong with it.
tl::expected<WarmPoolAction, std::string> read_warm_pool_action(const Fields& fields);

/// Reads terms from a JSON object as they are asked for now: {"region", "type", "profile"?,
/// "target", "replenish_below"?, "warming_max"?, "tags"?, "on_release"?}, nothing else beside it,
/// each member once. As with creates, "instance_type" is taken for "type" too. The error says what
/// is wrong with it.
tl::expected<WarmPoolTerms, std::string> read_warm_pool_terms(std::string_view json);

/// Those of set_warm_pool.
Names members_of_set_warm_pool();

/// The members of terms, with the type as "instance_type".
void write_warm_pool_terms(JsonWriter& json, const WarmPoolTerms& terms);

}  // namespace vsim::messages
