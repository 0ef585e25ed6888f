// Goal (issue 12, 15): a wait on a socket that nobody answers ends at its limit, not before, and no
// other socket is touched. Method: pairs of sockets; a thread that reads, as libpq does.

#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "schema/read_model/socket_watch.h"

using vsim::read_model::SocketWatch;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

struct Pair {
  int ours = -1;
  int theirs = -1;
  Pair() {
    int both[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) == 0);
    ours = both[0];
    theirs = both[1];
  }
  ~Pair() {
    close(ours);
    close(theirs);
  }
  /// How long a read for which there is nothing waits, `most` at most.
  std::chrono::milliseconds read(std::chrono::milliseconds most) const {
    const auto began = Clock::now();
    pollfd waiting{ours, POLLIN, 0};
    poll(&waiting, 1, static_cast<int>(most.count()));
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
  }
};

}  // namespace

TEST_CASE("a wait ends at its limit, and not before") {
  const Pair pair;
  SocketWatch watch(pair.ours);
  watch.begin(300ms);
  CHECK(pair.read(250ms) >= 250ms);
  CHECK_FALSE(watch.cut());
  CHECK(pair.read(10s) < 5s);
  CHECK(watch.cut());
  watch.end();
  CHECK(watch.cut());  // the connection is of no use any more
  watch.begin(1h);
  CHECK(watch.cut());
}

TEST_CASE("a wait that has ended, or not begun, is not cut") {
  const Pair pair;
  SocketWatch watch(pair.ours);
  CHECK(pair.read(250ms) >= 250ms);
  watch.begin(100ms);
  watch.end();
  CHECK(pair.read(400ms) >= 400ms);
  CHECK_FALSE(watch.cut());
  watch.prolong(50ms);  // nothing to prolong
  CHECK(pair.read(250ms) >= 250ms);
  CHECK_FALSE(watch.cut());
}

TEST_CASE("a wait that is prolonged in time goes on") {
  const Pair pair;
  SocketWatch watch(pair.ours);
  watch.begin(300ms);
  std::jthread other([&] {
    for (int i = 0; i < 8; ++i) {
      std::this_thread::sleep_for(100ms);
      watch.prolong(10s);
    }
  });
  CHECK(pair.read(900ms) >= 900ms);
  CHECK_FALSE(watch.cut());
}

TEST_CASE("whoever gets the number of a closed descriptor is not meant") {
  const Pair watched;
  const Pair innocent;
  const int number = dup(watched.ours);
  SocketWatch watch(number);
  watch.begin(300ms);
  REQUIRE(dup2(innocent.ours, number) == number);
  CHECK(watched.read(10s) < 5s);
  CHECK(watch.cut());
  CHECK(innocent.read(100ms) >= 100ms);
  close(number);
}

TEST_CASE("many waits that begin and end while others are cut hurt nobody") {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 50; ++round) {
        const Pair pair;
        SocketWatch watch(pair.ours);
        watch.begin(round % 10 == 0 ? 1ms : 1h);
        pair.read(round % 10 == 0 ? 500ms : 1ms);
        watch.end();
        if (round % 10 != 0) {
          CHECK_FALSE(watch.cut());
        }
      }
    });
  }
}
