// forgetful_disk MOUNT_POINT journaled|by_folder: a file system in memory that can forget what was
// not synced. A test orders over descriptor 3, a word a packet, and is answered by one packet:
//
//   freeze        from now on no call is answered: this is the moment of the power cut
//   present SEED  forgets; tells what was kept and lost, and goes on with what is left
//   settle        all is synced as it is
//   syncs         how many syncs there were
//
// It ends when the other end of descriptor 3 is closed, and when it stands still for longer than
// frozen_ms_max: whoever waits for it could not even be killed by a test that waits too.

#include <array>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/powercut/volume.h"
#include "tests/powercut/volume_mount.h"

namespace powercut {
namespace {

constexpr int orders = 3;
constexpr int frozen_ms_max = 60'000;

class Disk {
 public:
  Disk(const std::string& mount_point, Names names)
      : volume_(names), mount_(volume_, mount_point) {}

  void run() {
    reply("mounted");
    while (true) {
      std::array<pollfd, 2> waiting{{{orders, POLLIN, 0}, {mount_.descriptor(), POLLIN, 0}}};
      const int ready = ::poll(waiting.data(), frozen_ ? 1 : 2, frozen_ ? frozen_ms_max : -1);
      if (ready == 0 || (ready < 0 && errno != EINTR)) {
        return;
      }
      if (waiting[0].revents != 0 && !obey()) {
        return;
      }
      if (!frozen_ && waiting[1].revents != 0 && !mount_.serve()) {
        return;
      }
    }
  }

 private:
  /// False: nobody is left who could order anything.
  bool obey() {
    std::array<char, 256> packet{};
    const ssize_t size = ::recv(orders, packet.data(), packet.size(), 0);
    if (size <= 0) {
      return false;
    }
    const std::string order(packet.data(), static_cast<std::size_t>(size));
    if (order == "freeze") {
      frozen_ = true;
      reply("frozen");
    } else if (order.rfind("present ", 0) == 0) {
      const CutReport report = volume_.cut(std::strtoull(order.c_str() + 8, nullptr, 10));
      frozen_ = false;
      reply(fmt::format("names: {} kept, {} lost; pages: {} kept, {} torn, {} lost",
                        report.names_kept, report.names_lost, report.pages_kept, report.pages_torn,
                        report.pages_lost));
    } else if (order == "settle") {
      volume_.sync_all();
      reply("settled");
    } else if (order == "syncs") {
      reply(std::to_string(volume_.syncs()));
    } else {
      reply("no such order");
    }
    return true;
  }

  static void reply(const std::string& text) {
    ::send(orders, text.data(), text.size(), MSG_NOSIGNAL);
  }

  Volume volume_;
  VolumeMount mount_;
  bool frozen_ = false;
};

}  // namespace
}  // namespace powercut

int main(int argc, char** argv) {
  const std::string names = argc == 3 ? argv[2] : "";
  if (names != "journaled" && names != "by_folder") {
    std::cerr << "usage: forgetful_disk MOUNT_POINT journaled|by_folder\n";
    return 2;
  }
  try {
    powercut::Disk(argv[1],
                   names == "journaled" ? powercut::Names::journaled : powercut::Names::by_folder)
        .run();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
