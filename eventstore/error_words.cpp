#include "eventstore/error_words.h"

namespace vsim::eventstore {

std::string in_words(const Error& error) {
  switch (error.kind) {
    case Error::Kind::unavailable:
      return "NATS does not serve the stream; is nats-server running, and was vsimctl migrate run?";
    case Error::Kind::unknown:
      return "NATS has not answered in time; is nats-server frozen, or the way to it?";
    default:
      return error.detail;
  }
}

}  // namespace vsim::eventstore
