#include "api/connections/tls_transport.h"

#include <array>
#include <cerrno>
#include <new>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "api/connections/answer_bytes.h"
#include "ops/telemetry/log.h"
#include "schema/http/problem.h"
#include "schema/messages/uuid.h"

namespace vsim::api {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds plain_answer_seconds_max{1};
constexpr std::size_t plain_request_bytes_max = 64 * 1024;  // taken before it is cut off

// OpenSSL's own BIO for sockets blocks as long as the socket does, and raises SIGPIPE. This one
// never blocks, and keeps the client's first byte, which tells TLS from plain HTTP.

struct Wire {
  int socket;
  char first_byte = 0;
};

int wire_read(BIO* bio, char* into, int size) {
  auto* wire = static_cast<Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  ssize_t count = 0;
  do {
    count = recv(wire->socket, into, static_cast<std::size_t>(size), MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && would_block()) {
    BIO_set_retry_read(bio);
  }
  if (count > 0 && wire->first_byte == 0) {
    wire->first_byte = *into;
  }
  return static_cast<int>(count);
}

int wire_write(BIO* bio, const char* from, int size) {
  const auto* wire = static_cast<const Wire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  ssize_t count = 0;
  do {
    count = ::send(wire->socket, from, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && would_block()) {
    BIO_set_retry_write(bio);
  }
  return static_cast<int>(count);
}

long wire_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* wire_method() {
  static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_read(made, wire_read);
    BIO_meth_set_write(made, wire_write);
    BIO_meth_set_ctrl(made, wire_control);
    return std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)>(made, BIO_meth_free);
  }();
  return method.get();
}

class TlsTransport : public Transport {
 public:
  TlsTransport(int socket, SSL_CTX* context)
      : Transport(socket), wire_{socket}, ssl_(SSL_new(context), SSL_free) {
    BIO* bio = BIO_new(wire_method());
    if (!ssl_ || bio == nullptr) {
      throw std::bad_alloc();
    }
    BIO_set_data(bio, &wire_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);  // which now owns it
  }

  bool open(Time until) override {
    Next next = Next::again;
    while (next == Next::again) {
      ERR_clear_error();
      const int result = SSL_accept(ssl_.get());
      if (result == 1) {
        return true;
      }
      next = after(result, until);
    }
    broken_ = true;
    if (wire_.first_byte >= 'A' && wire_.first_byte <= 'Z') {
      refuse_plain_http();
    } else {
      const char* reason = ERR_reason_error_string(ERR_peek_last_error());
      log::debug("no TLS with a client", {{"reason", reason != nullptr ? reason : "no more came"}});
    }
    return false;
  }

  Received receive(char* into, std::size_t size, Time until) override {
    Next next = broken_ ? Next::end : Next::again;
    while (next == Next::again) {
      std::size_t count = 0;
      ERR_clear_error();
      const int result = SSL_read_ex(ssl_.get(), into, size, &count);
      if (result == 1) {
        return {State::some, count};
      }
      next = after(result, until);
    }
    return {next == Next::late ? State::late : State::end};
  }

  bool send(std::string_view bytes, Time until) override {
    while (!bytes.empty() && !broken_) {
      std::size_t count = 0;
      ERR_clear_error();
      const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
      if (result == 1) {
        bytes.remove_prefix(count);
      } else if (after(result, until) != Next::again) {
        broken_ = true;  // half a record may be on its way: nothing can follow it
      }
    }
    return bytes.empty();
  }

  std::optional<std::size_t> offer(std::string_view bytes) override {
    // The rest of a record that was begun comes again, out of other memory and with more behind it.
    SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    std::size_t total = 0;
    while (!broken_ && total < bytes.size()) {
      std::size_t count = 0;
      ERR_clear_error();
      const int result =
          SSL_write_ex(ssl_.get(), bytes.data() + total, bytes.size() - total, &count);
      if (result != 1) {
        const int reason = SSL_get_error(ssl_.get(), result);
        broken_ = reason != SSL_ERROR_WANT_WRITE && reason != SSL_ERROR_WANT_READ;
        break;
      }
      total += count;
    }
    return broken_ ? std::nullopt : std::optional(total);
  }

  void end_sending() override {
    if (!broken_) {
      ERR_clear_error();
      SSL_shutdown(ssl_.get());
    }
    shutdown(socket(), SHUT_WR);
  }

  /// What was received may be less than one record: then there is nothing to give yet.
  bool has_buffered() override {
    if (broken_ || SSL_has_pending(ssl_.get()) == 0) {
      return broken_;
    }
    char byte = 0;
    std::size_t count = 0;
    ERR_clear_error();
    const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &count);
    return result == 1 || SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ;
  }

 private:
  /// What to do after a call of OpenSSL that has not succeeded.
  enum class Next : std::uint8_t { again, late, end };

  /// Waits until the socket can be read or written, if that is what the call was waiting for.
  Next after(int result, Time until) {
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return wait_readable(until) ? Next::again : Next::late;
      case SSL_ERROR_WANT_WRITE:
        return wait_writable(until) ? Next::again : Next::late;
      case SSL_ERROR_ZERO_RETURN:  // the client has said that it sends no more
        return Next::end;
      default:
        broken_ = true;
        return Next::end;
    }
  }

  void refuse_plain_http() const {
    const HttpResponse answer{
        .status = 400,
        .body = http::render_problem(
            {.code = http::ProblemCode::invalid_request,
             .detail = "this port speaks TLS; ask for https:// instead of http://"},
            messages::uuid_from_time().to_string()),
        .content_type = "application/problem+json",
        .headers = {}};
    const auto plain = make_plain_transport(socket());
    const auto until = Steady::now() + plain_answer_seconds_max;
    plain->send(to_bytes(answer, {.close = true}), until);
    plain->end_sending();
    // Cut off with bytes unread, the connection would be reset and the answer lost.
    std::array<char, 4096> unread;
    std::size_t total = 0;
    for (Received got{State::some}; got.state == State::some && total < plain_request_bytes_max;) {
      got = plain->receive(unread.data(), unread.size(), until);
      total += got.bytes;
    }
  }

  Wire wire_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool broken_ = false;  // nothing can be sent or received any more
};

}  // namespace

std::unique_ptr<Transport> make_tls_transport(int socket, SSL_CTX* context) {
  return std::make_unique<TlsTransport>(socket, context);
}

}  // namespace vsim::api
