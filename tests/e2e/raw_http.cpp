#include "tests/e2e/raw_http.h"

#include <stdexcept>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace harness {
namespace {

class Socket {
 public:
  explicit Socket(std::uint16_t port) : number_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(number_);
      throw std::runtime_error("a raw client cannot connect");
    }
  }
  ~Socket() { ::close(number_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

std::vector<int> RawAnswers::statuses() const {
  const std::string version = "HTTP/1.1 ";
  std::vector<int> found;
  for (std::size_t at = bytes.find(version); at != std::string::npos;
       at = bytes.find(version, at + 1)) {
    const std::string digits = bytes.substr(at + version.size(), 3);
    if (digits.find_first_not_of("0123456789") == std::string::npos) {  // else it is a sentence
      found.push_back(std::stoi(digits));
    }
  }
  return found;
}

RawAnswers exchange_raw(std::uint16_t port, const std::string& bytes, int silence_milliseconds) {
  const Socket socket(port);
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count =
        ::send(socket.number(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) {
      break;  // refused before it was read whole
    }
    sent += static_cast<std::size_t>(count);
  }
  RawAnswers answers;
  char some[4096];
  pollfd waiting{socket.number(), POLLIN, 0};
  while (poll(&waiting, 1, silence_milliseconds) > 0) {
    const ssize_t count = recv(socket.number(), some, sizeof some, 0);
    if (count <= 0) {
      answers.closed = true;
      break;
    }
    answers.bytes.append(some, static_cast<std::size_t>(count));
  }
  return answers;
}

}  // namespace harness
