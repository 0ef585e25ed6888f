#pragma once

// One alias for "a value or the reason why not", until the compiler brings std::expected.

#include <string>

#include <tl/expected.hpp>

namespace vsim::eventstore {

/// An error of I/O, with what may be done about it.
struct Error {
  enum class Kind {
    unavailable,  // nothing was done: no connection, or no stream there; try again later
    unknown,      // it may have been done: no answer in time; look before trying again
    conflict,     // nothing was done: an expected sequence did not hold; reload and decide again
    refused,      // nothing was done, and the same request would be refused again
    damaged       // the broker has lost a message that was stored; an operator has to look
  };
  Kind kind{};
  std::string detail;

  /// Of an append: somebody else's event is there, or perhaps one's own. What is in the log now
  /// tells which, and what to do.
  bool needs_another_look() const { return kind == Kind::conflict || kind == Kind::unknown; }
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Error::Kind kind, std::string detail) {
  return tl::unexpected<Error>(Error{kind, std::move(detail)});
}

}  // namespace vsim::eventstore
