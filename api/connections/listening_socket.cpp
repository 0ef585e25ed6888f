#include "api/connections/listening_socket.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <netdb.h>
#include <sys/socket.h>

namespace vsim::api {
namespace {

constexpr int backlog = 1024;  // connections come in bursts

tl::expected<Descriptor, std::string> listen_on_one(const addrinfo& place) {
  Descriptor socket(::socket(place.ai_family, place.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                             place.ai_protocol));
  // SO_REUSEPORT, too, would let two processes share one address in silence.
  const int yes = 1;
  setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(socket.number(), place.ai_addr, place.ai_addrlen) != 0 ||
      listen(socket.number(), backlog) != 0) {
    return tl::unexpected(std::string(std::strerror(errno)));
  }
  return socket;
}

}  // namespace

tl::expected<Descriptor, std::string> listen_on(const process::ListenAddress& address) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* places = nullptr;
  const int error =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &wanted, &places);
  std::string why = error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error);
  if (error == 0) {
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(places, freeaddrinfo);
    for (const addrinfo* place = places; place != nullptr; place = place->ai_next) {
      auto socket = listen_on_one(*place);
      if (socket) {
        return socket;
      }
      why = socket.error();
    }
  }
  return tl::unexpected("HTTP_ADDR: cannot listen on " + address.to_string() + ": " + why +
                        "; is another process there?");
}

}  // namespace vsim::api
