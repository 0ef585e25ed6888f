#include "eventstore/nats_message.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "eventstore/lost_headers.h"

namespace vsim::eventstore {

NatsMsgHandle make_message(const std::string& subject, const std::string& reply_to,
                           std::string_view payload, const Headers& headers) {
  natsMsg* raw = nullptr;
  const char* reply = reply_to.empty() ? nullptr : reply_to.c_str();
  const auto status = natsMsg_Create(&raw, subject.c_str(), reply, payload.data(),
                                     static_cast<int>(payload.size()));
  if (status != NATS_OK) {
    throw std::bad_alloc();
  }
  NatsMsgHandle message(raw);
  for (const auto& header : headers) {
    if (natsMsgHeader_Add(raw, header.name.c_str(), header.value.c_str()) != NATS_OK) {
      throw std::bad_alloc();
    }
  }
  return message;
}

std::string_view header_of(natsMsg* message, const char* name) {
  const char* value = nullptr;
  if (natsMsgHeader_Get(message, name, &value) != NATS_OK || value == nullptr) {
    return {};
  }
  return value;
}

namespace {

// A name may stand more than once: a copy of a copy has the headers of both.
void add_values(natsMsg* message, const char* name, Headers& headers) {
  const char** values = nullptr;
  int count = 0;
  if (natsMsgHeader_Values(message, name, &values, &count) != NATS_OK) {
    return;
  }
  for (int i = 0; i < count; ++i) {
    headers.push_back({name, values[i]});
  }
  std::free(static_cast<void*>(values));
}

/// Whether a value is the line of another header.
bool holds_lost_header(const Headers& headers) {
  return std::any_of(headers.begin(), headers.end(), [](const Header& header) {
    const std::string_view value = header.value;
    return (value.starts_with("Vsim-") || value.starts_with("Nats-")) &&
           value.find(':') != std::string_view::npos;
  });
}

}  // namespace

Received receive(natsMsg* message) {
  Received received;
  received.subject = natsMsg_GetSubject(message);
  if (const char* reply = natsMsg_GetReply(message)) {
    received.reply_to = reply;
  }
  const auto length = static_cast<std::size_t>(natsMsg_GetDataLength(message));
  if (length > 0) {
    received.payload.assign(natsMsg_GetData(message), length);
  }
  const char** keys = nullptr;
  int count = 0;
  const auto status = natsMsgHeader_Keys(message, &keys, &count);
  if (status == NATS_NOT_FOUND) {
    return received;
  }
  if (status == NATS_OK) {
    for (int i = 0; i < count; ++i) {
      add_values(message, keys[i], received.headers);
    }
  }
  if (status != NATS_OK || holds_lost_header(received.headers)) {
    received.headers.push_back({std::string(lost_headers), "yes"});
  }
  // nats.c gives us the array, but not the strings in it.
  std::free(static_cast<void*>(keys));
  return received;
}

Error error_of(natsStatus status, const std::string& doing) {
  const auto detail = doing + ": " + natsStatus_GetText(status);
  switch (status) {
    case NATS_TIMEOUT:
    case NATS_CONNECTION_DISCONNECTED:  // while an answer was awaited
      return {Error::Kind::unknown, detail};
    case NATS_CONNECTION_AUTH_FAILED:
      return {Error::Kind::refused, detail + ": the user or the password in NATS_URL is wrong"};
    case NATS_MAX_PAYLOAD:
    case NATS_INVALID_SUBJECT:
    case NATS_INVALID_ARG:
      return {Error::Kind::refused, detail};
    default:
      return {Error::Kind::unavailable, detail};
  }
}

}  // namespace vsim::eventstore
