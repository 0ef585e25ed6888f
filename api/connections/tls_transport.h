#pragma once

// TLS over a socket, the server's side of it.

#include <memory>

#include "api/connections/transport.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace vsim::api {

/// With the certificate and the rules of the context, which it keeps alive. The handshake is done
/// by open(). A client that speaks plain HTTP is told so, in plain HTTP.
std::unique_ptr<Transport> make_tls_transport(int socket, ssl_ctx_st* context);

}  // namespace vsim::api
