#pragma once

// TLS over a socket, the server's side of it.

#include <memory>

#include "api/connections/transport.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace vsim::api {

/// With the certificate and the settings of the context, which it keeps alive. open() does the
/// handshake, and answers a client that speaks plain HTTP with a 400 in plain HTTP.
std::unique_ptr<Transport> make_tls_transport(int socket, ssl_ctx_st* context);

}  // namespace vsim::api
